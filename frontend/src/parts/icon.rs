//! Icons, drawn on a 24 px grid with a 2 px pen (shapes after Lucide, ISC), and our own mark.

use leptos::prelude::*;

fn path(name: &str) -> &'static str {
    match name {
        "chevron" => "m6 9 6 6 6-6",
        "left" => "m15 18-6-6 6-6",
        "right" => "m9 18 6-6-6-6",
        "up" => "M12 19V5m-7 7 7-7 7 7",
        "down" => "M12 5v14m7-7-7 7-7-7",
        "gear" => {
            "M4 7h9m5 0h2M4 17h2m5 0h9M13 7a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0M6 17a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0"
        }
        "search" => "M11 4a7 7 0 1 0 0 14a7 7 0 1 0 0-14m9 16-4-4",
        "close" => "M18 6 6 18M6 6l12 12",
        "check" => "M20 6 9 17l-5-5",
        "calendar" => {
            "M8 3v4m8-4v4M4 10h16M5 5h14a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1"
        }
        "download" => "M12 4v11m-5-5 5 5 5-5M5 20h14",
        "upload" => "M12 15V4m-5 5 5-5 5 5M5 20h14",
        "link" => {
            "M9.5 14.500a4 4 0 0 0 5.700 0l3-3a4 4 0 0 0-5.700-5.700l-1 1m3 2.700a4 4 0 0 0-5.700 0l-3 3a4 4 0 0 0 5.700 5.700l1-1"
        }
        "out" => "M14 5h5v5m0-5-9 9M18 14v4a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h4",
        "mute" => "M3 10v4h4l5 4V6L7 10zm13 0 5 5m0-5-5 5",
        "note" => "M5 4h14v10l-6 6H5zM13 20v-6h6",
        "people" => {
            "M9 5a3.500 3.500 0 1 0 0 7a3.500 3.500 0 1 0 0-7M2.500 20a6.500 6.500 0 0 1 13 0M16 5.300a3.500 3.500 0 0 1 0 6.400M18 14.500a6.500 6.500 0 0 1 3.500 5.500"
        }
        "wave" => "M3 9q3-4 6 0t6 0t6 0M3 16q3-4 6 0t6 0t6 0",
        "plus" => "M12 5v14M5 12h14",
        "table" => "M4 5h16v14H4zM4 10h16M10 10v9",
        "alert" => "M12 4 2.500 20h19zM12 10v4m0 3v.010",
        "moon" => "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500",
        "leave" => "M10 5H5v14h5m4-11 4 4-4 4m4-4H9",
        "signal" => {
            "M12 11a1 1 0 1 0 0 2a1 1 0 1 0 0-2M8.500 8.500a5 5 0 0 0 0 7m7 0a5 5 0 0 0 0-7M5.500 5.500a9 9 0 0 0 0 13m13 0a9 9 0 0 0 0-13"
        }
        "tweet" => {
            "M5 5h14a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1h-7l-5 4v-4H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1M8 9.500h8M8 13h5"
        }
        "columns" => "M4 5h16v14H4zM9.500 5v14M14.500 5v14",
        "pause" => "M8 5v14M16 5v14",
        "play" => "M7 5v14l11-7z",
        "minus" => "M5 12h14",
        "globe" => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M3 12h18M12 3q-8 9 0 18q8-9 0-18",
        "box" => "M4 8V4h4m8 0h4v4m0 8v4h-4m-8 0H4v-4",
        "clusters" => {
            "M8 5a4 4 0 1 0 0 8a4 4 0 1 0 0-8M17 14a3 3 0 1 0 0 6a3 3 0 1 0 0-6M18 5.500a1.500 1.500 0 1 0 0 3a1.500 1.500 0 1 0 0-3"
        }
        "filter" => "M4 6h16M7 12h10M10 18h4",
        _ => "",
    }
}

/// An icon; its meaning is said by the text or label beside it.
#[component]
pub(crate) fn Icon(name: &'static str) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=path(name)></path>
        </svg>
    }
}

/// Roost's mark: a line, some above it, some below.
#[component]
pub(crate) fn Mark() -> impl IntoView {
    view! {
        <svg class="mark-own" viewBox="0 0 32 32" aria-hidden="true">
            <path class="rule" d="M3 17h26"></path>
            <path class="above" d="M8 13.500V9M14 13.500V4.500M20 13.500V7.500M26 13.500v-2"></path>
            <path class="below" d="M8 20.500v2.500M14 20.500v6M20 20.500v1.500M26 20.500v4"></path>
        </svg>
    }
}
