// The choices above the chart: one chart or panels, the width of the buckets, and the time to compare with.
import * as Menu from "@radix-ui/react-dropdown-menu";
import { bucketsFor } from "./data.js";
import { useExplore } from "./store.jsx";

const NAMED_TIMES = ["", "previous", "yesterday", "last_week", "last_month"];
// The choice of any other time: the reader types its start in the tool below the chart.
const START = "start";

export function Choices() {
  const { layout, bucket, compare, data, requestStart, act, x } = useExplore();
  const isNamed = NAMED_TIMES.includes(compare);
  const chooseCompare = (name) => {
    if (name !== START) return act.chooseCompare(name);
    act.chooseTool("compare");
    return requestStart(true);
  };
  return (
    <div className="explore-choices">
      <div className="segmented" role="group" aria-label={x.layout}>
        {["one", "panels"].map((name) => (
          <button key={name} type="button" aria-pressed={name === layout} data-testid={`layout-${name}`}
            onClick={() => act.chooseLayout(name)}>{x[`layout_${name}`]}</button>
        ))}
      </div>
      <Choice name="bucket" label={x.bucket} value={bucket} shown={x[`bucket_${bucket || data?.bucket || "auto"}`]}
        options={bucketsFor(data, bucket).map((name) => [name, x[`bucket_${name || "auto"}`]])} onChoose={act.chooseBucket} />
      <Choice name="compare" label={x.compare} value={compare} shown={isNamed ? x[`compare_${compare || "none"}`] : compare}
        options={[...NAMED_TIMES, START].map((name) => [name, x[`compare_${name || "none"}`]])} onChoose={chooseCompare} />
    </div>
  );
}

function Choice({ name, label, value, shown, options, onChoose }) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger className="control control-small" data-testid={`${name}-menu`} data-value={value}>
        <span className="explore-choice">{label}</span> {shown}
        <span aria-hidden="true" className="chevron" />
      </Menu.Trigger>
      <Menu.Portal>
        <Menu.Content className="menu" align="start" sideOffset={4} collisionPadding={8}>
          <Menu.RadioGroup value={value} onValueChange={onChoose}>
            {options.map(([key, text]) => (
              <Menu.RadioItem key={key} value={key} className="menu-item" data-testid={`${name}-${key || "none"}`}>{text}</Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Content>
      </Menu.Portal>
    </Menu.Root>
  );
}
