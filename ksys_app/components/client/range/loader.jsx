// Loads the code of the range control only on pages that have one.
import { lazy, Suspense } from "react";

const Nothing = { default: () => null };
// If it cannot be loaded, the windows still work, and the chart reports the lost server.
const Loaded = lazy(() => import("./control.jsx").then(({ RangeControl }) => ({ default: RangeControl })).catch(() => Nothing));

export function RangeControl(props) {
  return <Suspense fallback={<div className="range" />}><Loaded {...props} /></Suspense>;
}
