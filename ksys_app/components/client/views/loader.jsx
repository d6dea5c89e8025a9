// Loads the code of the menu of views, of the kiosk mode and of the wall only where they are shown.
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";

const Nothing = { default: () => null };
const lazyPart = (load) => lazy(() => load().catch(() => Nothing));
const Menu = lazyPart(() => import("./menu.jsx").then(({ Views }) => ({ default: Views })));
const KioskHead = lazyPart(() => import("./kiosk.jsx").then(({ Kiosk }) => ({ default: Kiosk })));
const WallBoard = lazyPart(() => import("./wall.jsx").then(({ Wall }) => ({ default: Wall })));

export const Views = () => <Suspense fallback={<span className="icon-button" />}><Menu /></Suspense>;
export const Wall = () => <Suspense fallback={null}><WallBoard /></Suspense>;

const subscribe = () => () => {};
const inKioskMode = () => new URLSearchParams(window.location.search).get("kiosk") === "1";

export function Kiosk({ title }) {
  const on = useSyncExternalStore(subscribe, inKioskMode, () => false);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-kiosk", on);
  }, [on]);
  return on ? <Suspense fallback={null}><KioskHead title={title} /></Suspense> : null;
}
