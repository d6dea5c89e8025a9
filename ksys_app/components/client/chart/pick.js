// The time in which browsers take a second click as part of a double click.
const DOUBLE_CLICK_MS = 500;

// The pick of a click. The page scrolls to the row of a pick, which moves the chart away from the pointer. So on a zoomed chart,
// where a double click shows everything, a pick waits until no second click can come.
export class Pick {
  constructor(onPick) {
    this.onPick = onPick;
  }

  // Picks a time, epoch ms; 0 picks nothing.
  at(ms, zoomed) {
    this.cancel();
    if (ms > 0) this.timer = setTimeout(() => this.onPick(ms), zoomed ? DOUBLE_CLICK_MS : 0);
  }

  cancel() {
    clearTimeout(this.timer);
  }
}
