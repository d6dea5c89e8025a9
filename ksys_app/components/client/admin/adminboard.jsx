// The administration page: open sessions, which can be ended, and the audit log.
import { useCallback, useEffect, useState } from "react";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";
import { useMe } from "../shell/account.jsx";
import { Scrollable } from "../shell/scrollable.jsx";

export function AdminBoard() {
  const { access: a } = useWords();
  const user = useMe();
  if (!user) return null;
  if (user.via === "off") return <p className="note" data-testid="admin-off">{a.auth_off}</p>;
  if (user.role !== "admin") {
    return <p className="note" role="alert">{fill(a.only_admin, { user: user.user, role: a[`role_${user.role}`] })}</p>;
  }
  return (
    <>
      <Sessions a={a} />
      <Audit a={a} />
    </>
  );
}

function Sessions({ a }) {
  const [{ rows, error }, setState] = useState({ rows: [], error: "" });
  const reload = useCallback(() => load("/api/v1/admin/sessions").then((rows) => setState({ rows, error: "" }), onError(setState)), []);
  useEffect(() => void reload(), [reload]);
  const revoke = async (row) => {
    if (!window.confirm(fill(a.revoke_sure, { user: row.user }))) return;
    const message = await load(`/api/v1/admin/sessions/${row.id}/revoke`, "POST").then(() => "", (error) => error.message);
    if (message) window.alert(fill(a.revoke_failed, { why: message }));
    await reload();
  };
  return (
    <section className="table-section" aria-label={a.sessions}>
      <div className="section-head"><h2>{a.sessions}</h2></div>
      <ErrorNote a={a} error={error} />
      <Table caption={a.sessions_caption} a={a} rows={rows} id={(row) => row.id} className="sessions"
        columns={{
          user: (row) => row.user, role: (row) => a[`role_${row.role}`], via: (row) => textOf(a, "via", row.via), since: (row) => timeText(row.created_at),
          seen: (row) => timeText(row.seen_at), expires: (row) => timeText(row.expires_at), address: (row) => row.address,
          agent: (row) => <span title={row.agent}>{browser(row.agent)}</span>,
          revoke: (row) => row.own ? a.own_session
            : <button type="button" className="control" data-testid={`revoke-${row.id}`} onClick={() => revoke(row)}>{a.revoke}</button>,
        }} />
    </section>
  );
}

function Audit({ a }) {
  const [{ rows, next, error }, setState] = useState({ rows: [], next: null, error: "" });
  const reload = useCallback((before) => load(`/api/v1/admin/audit${before ? `?before=${before}` : ""}`).then(
    (page) => setState((old) => ({ rows: before ? [...old.rows, ...page.rows] : page.rows, next: page.next, error: "" })),
    onError(setState),
  ), []);
  useEffect(() => void reload(null), [reload]);
  return (
    <section className="table-section" aria-label={a.audit}>
      <div className="section-head"><h2>{a.audit}</h2></div>
      <ErrorNote a={a} error={error} />
      <Table caption={a.audit_caption} a={a} rows={rows} id={(row) => row.id}
        columns={{
          at: (row) => timeText(row.at), actor: (row) => row.actor, via: (row) => textOf(a, "via", row.via), action: (row) => textOf(a, "did", row.action),
          subject: (row) => row.subject, detail: (row) => detailText(a, row.detail), address: (row) => row.address,
        }} />
      {next ? <button type="button" className="control" data-testid="audit-older" onClick={() => reload(next)}>{a.older}</button> : null}
    </section>
  );
}

const HEAD_KEYS = { user: "user", revoke: "revoke" };

function Table({ caption, a, rows, id, columns, className = "" }) {
  const names = Object.keys(columns);
  return (
    <Scrollable label={caption} className={`grid-scroll people ${className}`}>
      <table className="series">
        <caption className="sr-only">{caption}</caption>
        <thead><tr>{names.map((name) => <th key={name} scope="col">{a[HEAD_KEYS[name] ?? `col_${name}`]}</th>)}</tr></thead>
        <tbody>
          {rows.map((row) => <tr key={id(row)}>{names.map((name) => <td key={name}>{columns[name](row)}</td>)}</tr>)}
          {rows.length ? null : <tr><td colSpan={names.length}>{a.no_entries}</td></tr>}
        </tbody>
      </table>
    </Scrollable>
  );
}

function ErrorNote({ a, error }) {
  return error ? <p className="note" role="alert">{fill(a.failed, { why: error })}</p> : null;
}

async function load(path, method = "GET") {
  const answer = await fetch(at(path), { method, cache: "no-store" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error?.message ?? `HTTP ${answer.status}`);
  return body;
}

// A user agent has the names of several browsers. The first match in this list is the right one.
const NAMES = [["Edg", "Edge"], ["OPR", "Opera"], ["SamsungBrowser", "Samsung"], ["Firefox", "Firefox"], ["Chrome", "Chrome"],
  ["Version", "Safari"]];
const SYSTEMS = [["Android", "Android"], ["iPhone", "iOS"], ["iPad", "iOS"], ["Windows", "Windows"], ["Mac OS X", "macOS"], ["CrOS", "ChromeOS"],
  ["Linux", "Linux"]];

function browser(agent) {
  for (const [token, name] of NAMES) {
    const version = agent.match(new RegExp(`${token}/(\\d+)`))?.[1];
    const system = SYSTEMS.find(([part]) => agent.includes(part))?.[1];
    if (version && system) return `${name} ${version}, ${system}`;
  }
  return agent;
}

const onError = (setState) => (error) => setState((before) => ({ ...before, error: error.message }));
const timeText = (moment) => moment.slice(0, 19).replace("T", " ");
// The text for a name of the server; the name itself if this page is older than the server and has no text for it.
const textOf = (a, kind, name) => a[`${kind}_${name}`] ?? name;
const detailText = (a, detail) => Object.entries(detail).map(([name, value]) => `${textOf(a, "detail", name)}: ${textOf(a, "role", value)}`).join(", ");
