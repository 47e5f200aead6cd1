//! The map with what lies on it: filters, tools, legend, the card of a blip.

use super::{Shared, card, filters};
use crate::app::{App, app};
use crate::erase::{attr, effect, flag, memo, on_click, shown};
use crate::live::blips::Hit;
use crate::live::counts::{Mark, code_text};
use crate::live::filter::{Area, Camera};
use crate::map::{self, Closures, Frames, Made};
use crate::parts::Icon;
use crate::words::live as words;
use leptos::html;
use leptos::prelude::*;
use leptos::task::spawn_local;
use shared::api::SimpleTweet;
use std::sync::Arc;
use wasm_bindgen::prelude::Closure;

/// So many alive on a map of so few pixels are no dots any more: counts are drawn.
const DENSE: usize = 12_000;
const FAR_PX: f64 = 2_500.0;

/// A card that is open: of which blip, its tweet if it is known, and whether it was clicked.
#[derive(Clone, Debug, PartialEq)]
struct Open {
    hit: Hit,
    tweet: Option<Arc<SimpleTweet>>,
    pinned: bool,
}

/// The map's state.
#[derive(Clone, Copy)]
struct Ground {
    app: App,
    made: StoredValue<Option<Made>, LocalStorage>,
    /// Width of the world in pixels.
    world: RwSignal<f64>,
    card: RwSignal<Option<Open>>,
    /// Dragging draws a box.
    boxing: RwSignal<bool>,
    dense: RwSignal<bool>,
    failed: RwSignal<Option<String>>,
}

/// The map.
#[component]
pub(super) fn Ground(shared: Shared) -> impl IntoView {
    let app = app();
    let ground = Ground {
        app,
        made: StoredValue::new_local(None),
        world: RwSignal::new(1_024.0),
        card: RwSignal::new(None),
        boxing: RwSignal::new(false),
        dense: RwSignal::new(false),
        failed: RwSignal::new(None),
    };
    let host = NodeRef::<html::Div>::new();
    effect(move || {
        if let Some(host) = host.get() {
            ground.open(host);
        }
    });
    let frames = StoredValue::new_local(Some(Frames::run(move || ground.draw())));
    on_cleanup(move || {
        let _ = frames.try_update_value(Option::take);
        let _ = ground.made.try_update_value(Option::take);
        let _ = app.stream.with(|engine, _| engine.card = None);
    });
    ground.follow();
    let label = move || {
        let placed = words::placed(untrack(|| app.stream.seen(|told| told.placed)));
        format!("Map of tweets as they come. {placed}. The tab Countries has the same as a table.")
    };
    let failed = move || {
        ground.failed.get().map(|why| {
            view! {
                <div class="map-failed" role="alert">
                    <p><strong>"The map could not be drawn."</strong></p>
                    <p class="note">{why}</p>
                    <p class="note">"Feed and Countries show the same tweets."</p>
                </div>
            }
        })
    };
    view! {
        <section class="live-map" class:boxing=flag(move || ground.boxing.get()) aria-label="Map">
            <div class="map-host" node_ref=host role="group" aria-label=attr(label)></div>
            {shown(failed)}
            <Card ground=ground/>
            <filters::Filters shared=shared/>
            <Tools ground=ground/>
            <Legend/>
        </section>
    }
}

impl Ground {
    /// Loads the map; a page that was left meanwhile wants none.
    fn open(self, host: web_sys::HtmlDivElement) {
        let camera = self.app.view.with_untracked(|view| view.live.camera);
        let closures = Closures {
            pointed: Closure::new(move |x, y, world, clicked| self.pointed(x, y, world, clicked)),
            drawn: Closure::new(move |west, south, east, north| {
                self.boxing.set(false);
                if let Some(area) = Area::of([west, south, east, north]) {
                    self.app.change(|view| view.live.area = Some(area));
                }
            }),
            moved: Closure::new(move |lon, lat, zoom: f64, by_hand: bool| {
                let _ = self.world.try_set(512.0 * zoom.exp2());
                if by_hand {
                    self.app.replace(|view| view.live.camera = Camera::of(lon, lat, zoom));
                }
            }),
        };
        spawn_local(async move {
            let camera = camera.map(Camera::json).unwrap_or_default();
            match map::make(&host, &camera, closures).await {
                Ok(made) => {
                    let _ = self.app.stream.with(|engine, _| engine.blips.rewrite());
                    let left = self.made.try_update_value(|slot| *slot = Some(made)).is_none();
                    if !left {
                        self.show();
                    }
                }
                Err(why) => {
                    let _ = self.failed.try_set(Some(why));
                }
            }
        });
    }

    fn with_map(self, act: impl FnOnce(&map::LiveMap)) {
        let _ = self.made.try_with_value(|made| made.as_ref().map(|made| act(&made.map)));
    }

    /// Draws what lives; before each painted frame.
    fn draw(self) {
        let clusters = self.clusters();
        let gone = self.app.stream.with(|engine, now| {
            let clock = engine.clock(now);
            let living = engine.blips.living(clock);
            self.with_map(|map| {
                engine.blips.flush(|first, numbers| map.write(first, numbers));
                map.draw(if clusters { &[] } else { &living }, clock);
            });
            engine.card.is_none()
        });
        let shown =
            self.card.with_untracked(|card| card.as_ref().is_some_and(|card| card.tweet.is_some()));
        if gone == Some(true) && shown {
            self.card.set(None);
        }
    }

    /// Whether counts are drawn instead of blips.
    fn clusters(self) -> bool {
        self.dense.get_untracked() || self.app.view.with_untracked(|view| view.live.clusters)
    }

    /// Hands the map numbers and box once a second, and at once what the viewer changed.
    fn follow(self) {
        let (app, stream) = (self.app, self.app.stream);
        let looks = memo(move || app.seen(|view| (view.live.clusters, view.live.area)));
        effect(move || {
            stream.second.track();
            looks.track();
            let world = self.world.get();
            let alive = stream.with(|engine, now| {
                let clock = engine.clock(now);
                engine.blips.count(clock)
            });
            let limit = if self.dense.get_untracked() { DENSE / 2 } else { DENSE };
            let dense = world < FAR_PX && alive.is_some_and(|alive| alive > limit);
            if self.dense.get_untracked() != dense {
                self.dense.set(dense);
            }
            self.show();
        });
        effect(move || {
            app.recoloured.track();
            self.with_map(map::LiveMap::recolour);
        });
        effect(move || {
            let on = self.boxing.get();
            self.with_map(|map| map.box_tool(on));
        });
    }

    fn show(self) {
        let clusters = self.clusters();
        let world = self.world.get_untracked();
        let area = self.app.view.with_untracked(|view| view.live.area);
        let text = self.app.stream.with(|engine, _| {
            let clusters = if clusters { engine.counts.clusters(world) } else { Vec::new() };
            marks(&engine.counts.countries(), &clusters, area)
        });
        if let Some(text) = text {
            self.with_map(|map| map.show(&text));
        }
    }

    fn pointed(self, x: f64, y: f64, world: f64, clicked: bool) {
        let pinned =
            self.card.try_with_untracked(|card| card.as_ref().is_some_and(|one| one.pinned));
        if pinned.is_none() || (pinned == Some(true) && !clicked) {
            return;
        }
        let found = self.app.stream.with(|engine, now| {
            let hit = (x >= 0.0 && !self.clusters())
                .then(|| engine.blips.hit(x, y, world, engine.clock(now)))
                .flatten();
            let open = hit.map(|hit| Open { hit, tweet: engine.tweet(hit.tweet), pinned: clicked });
            engine.card = open.as_ref().and_then(|open| open.tweet.clone());
            open
        });
        let found = found.flatten();
        self.with_map(|map| map.pointer(found.is_some()));
        if self.card.with_untracked(|card| *card != found) {
            self.card.set(found);
        }
    }

    fn close(self) {
        let _ = self.app.stream.with(|engine, _| engine.card = None);
        self.card.set(None);
    }
}

/// Numbers and box as the map takes them.
fn marks(countries: &[Mark], clusters: &[Mark], area: Option<Area>) -> String {
    use std::fmt::Write as _;
    let mut text = "{\"countries\":[".to_owned();
    for (at, mark) in countries.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let code = mark.country.map(code_text).unwrap_or_default();
        let _ = write!(text, "{comma}[\"{code}\",{},{},{}]", mark.count, mark.x, mark.y);
    }
    text.push_str("],\"clusters\":[");
    for (at, mark) in clusters.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(text, "{comma}[{},{},{}]", mark.x, mark.y, mark.count);
    }
    text.push_str("],\"box\":");
    match area.map(Area::degrees) {
        Some([west, south, east, north]) => {
            let _ = write!(text, "[{west},{south},{east},{north}]}}");
        }
        None => text.push_str("null}"),
    }
    text
}

/// The card beside a blip.
#[component]
fn Card(ground: Ground) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    effect(move || {
        let open = ground.card.with(|card| card.as_ref().map(|card| card.hit));
        match (node.get(), open) {
            (Some(node), Some(hit)) => ground.with_map(|map| map.pin(&node, hit.x, hit.y)),
            _ => ground.with_map(map::LiveMap::unpin),
        }
    });
    let inside = move || {
        let open = ground.card.get()?;
        let close = open.pinned.then(|| {
            view! {
                <button type="button" class="icon-button close" aria-label="Close" on:click=on_click(move |_| ground.close())>
                    <Icon name="close"/>
                </button>
            }
        });
        let tweet = open.tweet.map_or_else(card::unknown, card::card);
        Some(view! { {tweet} {close} })
    };
    view! {
        <div class="map-card" node_ref=node hidden=flag(move || ground.card.with(Option::is_none))
            class:pinned=flag(move || ground.card.with(|card| card.as_ref().is_some_and(|card| card.pinned)))>
            {shown(inside)}
        </div>
    }
}

/// Zoom, the whole world, a box, counts.
#[component]
fn Tools(ground: Ground) -> impl IntoView {
    let app = ground.app;
    let clusters = move || app.seen(|view| view.live.clusters).to_string();
    view! {
        <div class="map-tools" role="group" aria-label="Map tools">
            <button type="button" class="icon-button" aria-label="Zoom in" title="Zoom in"
                on:click=on_click(move |_| ground.with_map(|map| map.zoom_by(1.0)))>
                <Icon name="plus"/>
            </button>
            <button type="button" class="icon-button" aria-label="Zoom out" title="Zoom out"
                on:click=on_click(move |_| ground.with_map(|map| map.zoom_by(-1.0)))>
                <Icon name="minus"/>
            </button>
            <button type="button" class="icon-button" aria-label="Show the whole world" title="The whole world"
                on:click=on_click(move |_| {
                    ground.with_map(map::LiveMap::home);
                    app.replace(|view| view.live.camera = None);
                })>
                <Icon name="globe"/>
            </button>
            <button type="button" class="icon-button" aria-label="Draw an area to filter by" title="Draw an area"
                aria-pressed=attr(move || ground.boxing.get().to_string())
                on:click=on_click(move |_| ground.boxing.update(|on| *on = !*on))>
                <Icon name="box"/>
            </button>
            <button type="button" class="icon-button" aria-label="Counts instead of single tweets" title="Counts of the last 5 minutes"
                aria-pressed=attr(clusters)
                on:click=on_click(move |_| app.change(|view| view.live.clusters = !view.live.clusters))>
                <Icon name="clusters"/>
            </button>
        </div>
    }
}

/// What the marks mean, and how many tweets have none.
#[component]
fn Legend() -> impl IntoView {
    let app = app();
    let kind = |(word, class): (&'static str, &'static str)| {
        view! { <span class=format!("kind {class}")>{word}</span> }
    };
    view! {
        <div class="map-legend">
            <p class="placed">{shown(move || words::placed(app.stream.seen(|told| told.placed)))}</p>
            <div class="legend-marks">
                {words::KINDS.map(kind)}
                <span class="mark-exact">"exact"</span>
                <span class="mark-place">"place"</span>
                <span class="mark-country">"country only"</span>
            </div>
            <p class="credit">
                <span>"Map: Natural Earth. Countries of points: "</span>
                <a href="https://www.openstreetmap.org/copyright" target="_blank" rel="noopener">
                    "© OpenStreetMap contributors"
                </a>
            </p>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_json() {
        let mark = |country, count| Mark { country, count, x: 0.25, y: 0.5 };
        let countries = [mark(Some(*b"DE"), 3), mark(Some(*b"FR"), 1)];
        let area = Area::of([-10.5, 35.25, 30.5, 60.75]);
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(
            read(&marks(&countries, &[mark(None, 7)], area)),
            serde_json::json!({
                "countries": [["DE", 3, 0.25, 0.5], ["FR", 1, 0.25, 0.5]],
                "clusters": [[0.25, 0.5, 7]],
                "box": [-10.5, 35.25, 30.5, 60.75],
            })
        );
        assert_eq!(
            read(&marks(&[], &[], None)),
            serde_json::json!({"countries": [], "clusters": [], "box": null})
        );
    }
}
