//! The socket: accepts connections on loopback and hands requests to the routes.
//!
//! Knows HTTP/1.1 and nothing of X. Invariant: every answer carries `x-sim-now`; a response
//! marked [`Disconnect`] closes its connection unsent.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tower_service::Service;

use crate::activity::deliver;
use crate::oauth2::routes as consent;
use crate::sim;
use crate::state::{Config, Sim};
use crate::three_legs;
use crate::x_api::{self, Disconnect};

/// Rest after the system refused a connection, for want of file descriptors most likely.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A simulator that listens and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    sim: Arc<Sim>,
}

/// Why a simulator cannot start.
#[derive(Debug)]
pub enum StartError {
    /// The configuration describes no world.
    Config(String),
    /// The port cannot be listened on.
    Listen {
        /// Which one.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(why) => f.write_str(why),
            Self::Listen { port, source } if source.kind() == io::ErrorKind::AddrInUse => {
                write!(f, "port {port} is taken")
            }
            Self::Listen { port, .. } => write!(f, "cannot listen on 127.0.0.1:{port}"),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Config(_) => None,
            Self::Listen { source, .. } => Some(source),
        }
    }
}

impl Server {
    /// Makes the world and listens on 127.0.0.1; port 0 takes any free one.
    ///
    /// # Errors
    /// When the configuration describes no world or the port is taken.
    pub async fn bind(config: Config, port: u16) -> Result<Self, StartError> {
        let listen = |source| StartError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let sim = Arc::new(Sim::new(config).map_err(StartError::Config)?);
        Ok(Self { listener, address, sim })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers requests until the future is dropped.
    pub async fn run(self) {
        let router = Router::new()
            .merge(sim::routes())
            .merge(three_legs::routes())
            .route("/2/{*rest}", axum::routing::any(x_api::answer))
            .route("/1.1/{*rest}", axum::routing::any(x_api::answer))
            .route("/i/oauth2/authorize", axum::routing::get(consent::ask).post(consent::decide))
            .fallback(async || {
                let detail = "there is nothing here; try /sim/health or /2/users/12".to_owned();
                sim::reply(Err((StatusCode::NOT_FOUND, detail)))
            })
            .with_state(Arc::clone(&self.sim));
        // Ends with this future.
        let mut deliveries = JoinSet::new();
        deliveries.spawn(deliver::run(Arc::clone(&self.sim)));
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(connection(stream, router.clone(), Arc::clone(&self.sim)));
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, sim: Arc<Sim>) {
    // Small answers should not wait for larger ones; if that cannot be had, they wait.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let (mut router, sim) = (router.clone(), Arc::clone(&sim));
        async move {
            let Ok(response) = router.call(request.map(Body::new)).await;
            finish(response, &sim)
        }
    });
    // A client that breaks off is no concern of the simulator, and a fault is meant to be one.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn finish(mut response: Response<Body>, sim: &Sim) -> Result<Response<Body>, io::Error> {
    if response.extensions().get::<Disconnect>().is_some() {
        return Err(io::Error::other("disconnected on request of a fault"));
    }
    let now_ms = sim.now_ms();
    response.headers_mut().entry("x-sim-now").or_insert(HeaderValue::from(now_ms));
    Ok(response)
}
