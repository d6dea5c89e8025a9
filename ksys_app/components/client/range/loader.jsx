// The control of the range, whose code is loaded only where a page has one.
import { lazy, Suspense } from "react";

const Nothing = { default: () => null };
// Without it the windows still work; the chart says that the server is away.
const Loaded = lazy(() => import("./control.jsx").then(({ RangeControl }) => ({ default: RangeControl })).catch(() => Nothing));

export function RangeControl(props) {
  return <Suspense fallback={<div className="range" />}><Loaded {...props} /></Suspense>;
}
