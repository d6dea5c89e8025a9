// Tells when the page is printed, for content that only paper shows.
import { useEffect, useState } from "react";
import { flushSync } from "react-dom";

// Calls `onPrint` before the browser lays the page out for paper, and `onDone` after printing. `onPrint` must do all its
// work at once: the browser does not wait. Returns a function that ends the watch.
export function watchPaper(onPrint, onDone) {
  const media = window.matchMedia("print");
  const afterPrint = () => setTimeout(() => media.matches || onDone());
  let printing = false;
  // Chromium may report "not printing" once more before it counts the pages. Only the end of printing matters.
  const changed = () => {
    if (media.matches) onPrint();
    else if (printing) afterPrint();
    printing = media.matches;
  };
  window.addEventListener("beforeprint", onPrint);
  window.addEventListener("afterprint", afterPrint);
  media.addEventListener("change", changed);
  return () => {
    window.removeEventListener("beforeprint", onPrint);
    window.removeEventListener("afterprint", afterPrint);
    media.removeEventListener("change", changed);
  };
}

// Whether the page is being printed.
export function usePaper() {
  const [paper, setPaper] = useState(false);
  useEffect(() => watchPaper(() => flushSync(() => setPaper(true)), () => setPaper(false)), []);
  return paper;
}
