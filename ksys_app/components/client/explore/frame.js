// The place of the plot and its visible time, for the parts of the page that share the time axis of the chart.
import { useSyncExternalStore } from "react";

const listeners = new Set();
// The width left and right of the plot, px, and the visible time, epoch ms. A drag changes it before the page receives the zoom.
let current = { left: 40, right: 24, from: 0, to: 0 };

export const frame = () => current;

export function setFrame(next) {
  if (Object.keys(current).every((key) => current[key] === next[key])) return;
  current = next;
  listeners.forEach((listener) => listener());
}

function subscribe(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export const useFrame = () => useSyncExternalStore(subscribe, frame, frame);
