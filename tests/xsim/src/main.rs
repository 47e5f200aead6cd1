//! Starts the simulator from the command line: flags to a [`Config`](xsim::Config), one line
//! when it listens, exit code 2 for a wrong flag and 1 when it cannot start.

use std::process::ExitCode;

use xsim::{Command, Server, StartError, USAGE};

#[tokio::main]
async fn main() -> ExitCode {
    match xsim::parse(std::env::args().skip(1)) {
        Ok(Command::Serve(config, port)) => serve(config, port).await,
        Ok(Command::Bench(config)) => match xsim::bench(&config) {
            Ok(lines) => {
                print!("{lines}");
                ExitCode::SUCCESS
            }
            Err(why) => wrong(&why),
        },
        Ok(Command::Help) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Err(why) => wrong(&why),
    }
}

async fn serve(config: xsim::Config, port: u16) -> ExitCode {
    let (seed, followers) = (config.seed, config.followers);
    match Server::bind(config, port).await {
        Ok(server) => {
            let address = server.address();
            println!("xsim listening on http://{address} (seed {seed}, {followers} followers)");
            server.run().await;
            ExitCode::SUCCESS
        }
        Err(StartError::Config(why)) => wrong(&why),
        Err(error) => {
            eprintln!("xsim: {error}");
            ExitCode::FAILURE
        }
    }
}

fn wrong(why: &str) -> ExitCode {
    eprintln!("xsim: {why}\n\n{USAGE}");
    ExitCode::from(2)
}
