// The colours of the style sheet for a canvas, which cannot use CSS variables.
import { useEffect, useMemo, useState } from "react";

// The colours of the current theme.
export function useColours(theme) {
  const [colours, setColours] = useState(null);
  useEffect(() => setColours(readColours()), [theme]);
  return useMemo(() => colours ?? readColours(), [colours]);
}

/** The colours for paper: those of the light theme. */
export function paperColours() {
  const { classList } = document.documentElement;
  const dark = classList.contains("dark");
  classList.remove("dark");
  // The browser paints nothing between the two changes of the class.
  const colours = readColours();
  classList.toggle("dark", dark);
  return colours;
}

function readColours() {
  if (typeof document === "undefined") return { series: [] };
  const style = getComputedStyle(document.documentElement);
  const value = (key) => style.getPropertyValue(`--${key}`).trim();
  const byName = Object.fromEntries(
    ["text", "quiet", "hair", "line", "panel", "warn", "warn-text", "crit", "band", "accent", "ramp-low", "ramp-high"].map((key) => [key, value(key)]),
  );
  const series = Array.from({ length: 9 }, (_, n) => value(`series-${n}`));
  return { ...byName, series, font: style.fontFamily };
}
