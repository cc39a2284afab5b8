"""The page's grid while it is scrolled, in Chromium without a window: do tiles come without a
stutter, and what do they take?

The archive has real rows and their originals: a few drawings, each file of them with a number in a
comment, so no two have the same bytes. The page is scrolled at an even speed from the first tile to
the last, which loads all of them, and back again; before that it rests, to see what the machine can
do. A frame lasts from one requestAnimationFrame to the next, a long task is one of
50 ms or more (PerformanceObserver). Browser and service share the machine.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from archive.archive import Archive
from benchmarks.serve import cpu_seconds, resident, serving
from training.scenes import draw_scene

BROWSERS = ("chromium", "google-chrome")
SIZES = ((480, 320), (320, 480), (480, 270), (400, 400))  # of the drawings, in pixels
PICTURES = 24  # different ones
VIEWPORT = {"width": 1280, "height": 800}
IDLE_SECONDS = 5
PATIENCE = 60_000  # milliseconds
SCROLL = """
async ({speed, seconds, down}) => {
  const frames = [], tasks = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) tasks.push(entry.duration);
  });
  observer.observe({type: "longtask"});
  const started = performance.now();
  const root = document.documentElement;
  const more = document.getElementsByClassName("end"); // while there are more tiles to load
  let before = await new Promise(requestAnimationFrame);
  let waited = 0, waiting = 0; // ms at the end of what was loaded, and at a time
  for (;;) {
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    if (speed) {
      const y = root.scrollTop;
      scrollBy({top: (down ? 1 : -1) * speed * (now - before) / 1000, behavior: "instant"});
      const stands = root.scrollTop === y;
      waiting = stands ? waiting + now - before : 0;
      if (stands) waited += now - before;
      if (waiting > (down && more.length ? 20000 : 200)) break;
    } else if (now - started > 1000 * seconds) break;
    before = now;
  }
  observer.disconnect();
  return {frames, tasks, waited: waited / 1000, seconds: (performance.now() - started) / 1000};
}
"""


def measure(rows: int, speed: int) -> Iterator[dict[str, object]]:
    """→ figures of the page at rest, scrolled down, and up.

    `speed`: pixels a second.
    """
    from playwright.sync_api import sync_playwright

    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        location = _create(Path(folder), rows)
        with serving(str(location)) as (_, port):
            options = {"executable_path": executable, "args": ["--no-sandbox"]}
            browser = playwright.chromium.launch(**options)  # type: ignore[arg-type]
            page = browser.new_page(viewport=VIEWPORT)  # type: ignore[arg-type]
            down = {"speed": speed, "seconds": 0, "down": True}
            page.goto(f"http://127.0.0.1:{port}/")
            page.wait_for_selector(".tile .sharp.there", timeout=PATIENCE)
            rest = {"speed": 0, "seconds": IDLE_SECONDS, "down": True}
            for scroll in (rest, down, {**down, "down": False}):
                yield {"rows": rows, **scroll, **_scrolled(page, scroll)}
                if scroll is down and page.locator("#pictures .end").count():
                    raise RuntimeError("the page has not loaded all rows")
            browser.close()


def _create(folder: Path, rows: int) -> Path:
    """An archive of `rows` pictures, whose originals are beside it."""
    album = folder / "album"
    pictures = [_jpeg(number) for number in range(PICTURES)]
    for number in range(rows):
        file = album / f"{number // 1000}" / f"{number:06}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_commented(pictures[number * 7 % PICTURES], f"{number:06}".encode()))
    with Archive.create(folder / "archive", "pocket") as archive:
        for _ in archive.ingest(album):
            pass
    return folder / "archive"


def _jpeg(number: int) -> bytes:
    pixels = draw_scene(number, size=SIZES[number % len(SIZES)]).pixels
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def _commented(jpeg: bytes, comment: bytes) -> bytes:
    """A JPEG file with a comment, right behind its first marker."""
    return jpeg[:2] + b"\xff\xfe" + (2 + len(comment)).to_bytes(2) + comment + jpeg[2:]


def _scrolled(page: Any, scroll: Mapping[str, object]) -> dict[str, object]:
    """Frames while the page is scrolled, CPU time of its process for each, and memory after."""
    process = _process(page)
    cpu_before = cpu_seconds(process)
    scrolled = page.evaluate(SCROLL, scroll)
    cpu = cpu_seconds(process) - cpu_before
    frames, tasks = scrolled["frames"], scrolled["tasks"]
    median, p95, p99 = np.percentile(frames, (50, 95, 99))
    return {
        "seconds": round(scrolled["seconds"], 1),
        "seconds_waited": round(scrolled["waited"], 1),
        "frames": len(frames),
        "frame_ms_median": round(float(median), 1),
        "frame_ms_p95": round(float(p95), 1),
        "frame_ms_p99": round(float(p99), 1),
        "frame_ms_most": round(max(frames), 1),
        "cpu_ms_per_frame": round(1000 * cpu / len(frames), 1),
        "long_tasks": len(tasks),
        "long_task_ms_most": round(max(tasks, default=0)),
        **_memory(page),
        "process_megabytes": round(resident(process) / 1e6, 1),
    }


def _process(page: Any) -> int:
    """The id of the page's process."""
    session = page.context.browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    pages = (int(process["id"]) for process in processes if process["type"] == "renderer")
    return max(pages, key=resident)


def _memory(page: Any) -> dict[str, object]:
    """Tiles, nodes, listeners, and megabytes of what scripts hold."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    counts = session.send("Memory.getDOMCounters")
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    heap = next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")
    return {
        "tiles": page.locator(".tile").count(),
        "dom_nodes": counts["nodes"],
        "listeners": counts["jsEventListeners"],
        "heap_megabytes": round(heap / 1e6, 1),
    }
