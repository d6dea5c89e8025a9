// The menu of files: the series as CSV, Excel workbook or Parquet, the tables as CSV, the chart as a picture, and the page on paper.
import { useState } from "react";
import * as Popover from "@radix-ui/react-popover";
import { paperColours } from "../../chart/colours.js";
import { usePaper } from "../../lib/usepaper.js";
import { useWords } from "../../lib/usewords.js";
import { at } from "../../lib/paths.js";
import { capital, counted, fill } from "../../lib/words.js";
import { stamp } from "../../lib/zone.js";
import { useExplore } from "../store.jsx";
import { fetchFile, save, useDownload } from "./download.js";
import { fileUrl, lineCount, pictureName, sizeText, spansOf } from "./request.js";
import { tablesOf } from "./rows.js";
import { tableFile } from "./tables.js";

const KINDS = [["csv", "CSV"], ["xlsx", "Excel"], ["parquet", "Parquet"]];
const BUCKETS = ["", "raw", "1m", "10m", "1h", "1d"];
const FIGURES = { mean: "avg", band: "avg,min,max,last", every: "n,avg,sum,min,max,last,first,diff" };

export function Files() {
  const { data, x } = useExplore();
  const [open, setOpen] = useState(false);
  const download = useDownload();
  return (
    <>
      <link rel="stylesheet" href={at("/look/explore-files.css")} precedence="files" />
      <Popover.Root open={open} onOpenChange={setOpen}>
        <Popover.Trigger className="control control-small" data-testid="files" disabled={!data}>
          {x.file_menu}
          <span aria-hidden="true" className="chevron" />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content className="popover files" aria-label={x.file_menu} align="end" sideOffset={4} collisionPadding={8} data-testid="files-panel">
            <Series download={download} />
            <Tables download={download} />
            <Progress download={download} />
            <Pictures onPrint={() => setOpen(false)} />
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      {open ? null : <Progress download={download} />}
      <Printed />
    </>
  );
}

function Series({ download }) {
  const { tags, hidden, data, zoom, part, timeQuery, compare, x } = useExplore();
  const [chosen, setChosen] = useState({ span: "", bucket: "", layout: "columns", figures: "band" });
  const choose = (changes) => setChosen((before) => ({ ...before, ...changes }));
  const spans = spansOf({ data, zoom, part });
  if (spans.length === 0) return null;
  // Without a choice: the selected part, or else the zoom, or else all.
  const span = spans.find(([name]) => name === chosen.span) ?? spans.at(-1);
  const shown = tags.filter((tag) => !hidden.includes(tag));
  const fileTags = shown.length > 0 ? shown : tags;
  // With a comparison the file has the buckets of the chart.
  const bucket = compare ? "" : chosen.bucket;
  const request = { tags: fileTags, span, data, timeQuery, compare, bucket, layout: chosen.layout, figures: FIGURES[chosen.figures] };
  const lines = lineCount(request);
  const raw = (bucket || data.bucket) === "raw";
  return (
    <section aria-label={x.file_series}>
      <h3>{x.file_series}</h3>
      {spans.length > 1 ? <Choice name="span" label={x.file_span} value={span[0]} options={spans.map(([name]) => [name, x[`file_span_${name}`]])} onChoose={(name) => choose({ span: name })} /> : null}
      <div className="files-row">
        <label>
          <span>{x.bucket}</span>
          <select className="control control-small" value={bucket} disabled={compare !== ""} data-testid="file-bucket" onChange={(event) => choose({ bucket: event.target.value })}>
            {BUCKETS.map((name) => <option key={name} value={name}>{name ? x[`bucket_${name}`] : fill(x.file_as_shown, { bucket: x[`bucket_${data.bucket}`] })}</option>)}
          </select>
        </label>
      </div>
      <Choice name="layout" label={x.file_layout} value={chosen.layout} options={["columns", "rows"].map((name) => [name, x[`file_layout_${name}`]])} onChoose={(layout) => choose({ layout })} />
      {raw ? null : <Choice name="figures" label={x.file_figures} value={chosen.figures} options={Object.keys(FIGURES).map((name) => [name, x[`file_figures_${name}`]])} onChoose={(figures) => choose({ figures })} />}
      <p className="note" data-testid="file-lines">{counted(x.file_of, fileTags.length)}{lines > 0 ? `, ${fill(x.file_lines, { n: lines.toLocaleString("en") })}` : ""}</p>
      <div className="files-row">
        {KINDS.map(([kind, text]) => (
          <button key={kind} type="button" className="control control-primary control-small" data-testid={`file-${kind}`} disabled={download.job.state === "running"}
            title={x[`file_kind_${kind}`]} onClick={() => download.start(kind, (signal, onProgress) => fetchFile(fileUrl({ kind, ...request }), kind, signal, onProgress))}>{text}</button>
        ))}
      </div>
    </section>
  );
}

// The progress of the download, or its result.
function Progress({ download: { job, stop, reset } }) {
  const words = useWords();
  const { explore: x } = words;
  const { state, kind, name, bytes, message } = job;
  if (state === "idle") return null;
  const size = sizeText(bytes);
  const label = KINDS.find(([key]) => key === kind)[1];
  if (state === "failed") {
    return (
      <p className="files-failed" role="alert" data-testid="file-failed">
        {capital(words, message)} <button type="button" className="control control-small" onClick={reset}>{x.file_close}</button>
      </p>
    );
  }
  if (state === "done") return <p className="note" role="status" data-testid="file-done">{fill(x.file_done, { name, size })}</p>;
  return (
    <p className="files-job" data-testid="file-running">
      <progress aria-label={x.file_menu} />
      <span>{bytes > 0 ? `${label}: ${size}` : fill(x.file_making, { kind: label })}</span>
      <button type="button" className="control control-small" data-testid="file-stop" onClick={stop}>{x.file_stop}</button>
    </p>
  );
}

// The tables of all tools, whether they are open or not.
function Tables({ download }) {
  const explore = useExplore();
  const words = useWords();
  const { x } = explore;
  return (
    <section aria-label={x.file_tables}>
      <h3>{x.file_tables}</h3>
      <div className="files-row">
        {tablesOf(explore).map((name) => (
          <button key={name} type="button" className="control control-small" data-testid={`file-table-${name}`} disabled={download.job.state === "running"}
            onClick={() => download.start("csv", (signal) => tableFile(name, explore, words, signal))}>{x[`file_table_${name}`]}</button>
        ))}
      </div>
    </section>
  );
}

function Pictures({ onPrint }) {
  const { tags, range, plot, zone, x } = useExplore();
  const picture = async (kind) => save(await plot.image(kind, paperColours()), pictureName(tags, stamp(range[0], zone).slice(0, 19), kind));
  const print = () => {
    onPrint();
    // The panel must close before the browser prints the page. A font of many scripts comes in parts, and a print does not
    // wait for them.
    setTimeout(() => document.fonts.ready.finally(() => window.print()));
  };
  return (
    <section aria-label={x.file_pictures}>
      <h3>{x.file_pictures}</h3>
      <div className="files-row">
        {["png", "svg"].map((kind) => (
          <button key={kind} type="button" className="control control-small" data-testid={`file-${kind}`} disabled={!plot} onClick={() => picture(kind)}>{kind.toUpperCase()}</button>
        ))}
        <button type="button" className="control control-small" data-testid="file-print" onClick={print} title={x.file_print_hint}>{x.file_print}</button>
      </div>
    </section>
  );
}

function Choice({ name, label, value, options, onChoose }) {
  return (
    <div className="files-row" role="group" aria-label={label}>
      <div className="segmented">
        {options.map(([key, text]) => (
          <button key={key} type="button" aria-pressed={key === value} data-testid={`file-${name}-${key}`} onClick={() => onChoose(key)}>{text}</button>
        ))}
      </div>
    </div>
  );
}

// A line that only the printed page has: the comparison, and the time of printing.
function Printed() {
  const { compare, zone, x } = useExplore();
  if (!usePaper()) return null;
  const comparison = compare ? `${x.compare}: ${x[`compare_${compare}`] ?? compare} · ` : "";
  return <p className="files-printed">{comparison}{fill(x.file_printed, { time: stamp(Date.now(), zone), zone })}</p>;
}
