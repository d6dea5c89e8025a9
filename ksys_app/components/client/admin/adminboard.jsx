// What an administrator sees: open sessions, which can be ended, and who did what.
import { useCallback, useEffect, useState } from "react";
import { at } from "../lib/paths.js";
import { useWords } from "../lib/usewords.js";
import { fill } from "../lib/words.js";
import { useMe } from "../shell/account.jsx";
import { Scrollable } from "../shell/scrollable.jsx";

export function AdminBoard() {
  const { access: a } = useWords();
  const who = useMe();
  if (!who) return null;
  if (who.via === "off") return <p className="note" data-testid="admin-off">{a.auth_off}</p>;
  if (who.role !== "admin") {
    return <p className="note" role="alert">{fill(a.only_admin, { user: who.user, role: a[`role_${who.role}`] })}</p>;
  }
  return (
    <>
      <Sessions a={a} />
      <Audit a={a} />
    </>
  );
}

function Sessions({ a }) {
  const [{ rows, why }, setState] = useState({ rows: [], why: "" });
  const read = useCallback(() => load("/api/v1/admin/sessions").then((rows) => setState({ rows, why: "" }), failed(setState)), []);
  useEffect(() => void read(), [read]);
  const end = async (one) => {
    if (!window.confirm(fill(a.revoke_sure, { user: one.user }))) return;
    const why = await load(`/api/v1/admin/sessions/${one.id}/revoke`, "POST").then(() => "", (error) => error.message);
    if (why) window.alert(fill(a.revoke_failed, { why }));
    await read();
  };
  return (
    <section className="table-section" aria-label={a.sessions}>
      <div className="section-head"><h2>{a.sessions}</h2></div>
      <Why a={a} why={why} />
      <Table caption={a.sessions_caption} a={a} rows={rows} id={(one) => one.id} className="sessions"
        columns={{
          user: (one) => one.user, role: (one) => a[`role_${one.role}`], via: (one) => word(a, "via", one.via), since: (one) => local(one.created_at),
          seen: (one) => local(one.seen_at), expires: (one) => local(one.expires_at), address: (one) => one.address,
          agent: (one) => <span title={one.agent}>{browser(one.agent)}</span>,
          revoke: (one) => one.own ? a.own_session
            : <button type="button" className="control" data-testid={`revoke-${one.id}`} onClick={() => end(one)}>{a.revoke}</button>,
        }} />
    </section>
  );
}

function Audit({ a }) {
  const [{ rows, next, why }, setState] = useState({ rows: [], next: null, why: "" });
  const read = useCallback((before) => load(`/api/v1/admin/audit${before ? `?before=${before}` : ""}`).then(
    (page) => setState((held) => ({ rows: before ? [...held.rows, ...page.rows] : page.rows, next: page.next, why: "" })),
    failed(setState),
  ), []);
  useEffect(() => void read(null), [read]);
  return (
    <section className="table-section" aria-label={a.audit}>
      <div className="section-head"><h2>{a.audit}</h2></div>
      <Why a={a} why={why} />
      <Table caption={a.audit_caption} a={a} rows={rows} id={(one) => one.id}
        columns={{
          at: (one) => local(one.at), actor: (one) => one.actor, via: (one) => word(a, "via", one.via), action: (one) => word(a, "did", one.action),
          subject: (one) => one.subject, detail: (one) => detailText(a, one.detail), address: (one) => one.address,
        }} />
      {next ? <button type="button" className="control" data-testid="audit-older" onClick={() => read(next)}>{a.older}</button> : null}
    </section>
  );
}

const HEADS = { user: "user", revoke: "revoke" };

function Table({ caption, a, rows, id, columns, className = "" }) {
  const names = Object.keys(columns);
  return (
    <Scrollable label={caption} className={`grid-scroll people ${className}`}>
      <table className="series">
        <caption className="sr-only">{caption}</caption>
        <thead><tr>{names.map((name) => <th key={name} scope="col">{a[HEADS[name] ?? `col_${name}`]}</th>)}</tr></thead>
        <tbody>
          {rows.map((one) => <tr key={id(one)}>{names.map((name) => <td key={name}>{columns[name](one)}</td>)}</tr>)}
          {rows.length ? null : <tr><td colSpan={names.length}>{a.no_entries}</td></tr>}
        </tbody>
      </table>
    </Scrollable>
  );
}

function Why({ a, why }) {
  return why ? <p className="note" role="alert">{fill(a.failed, { why })}</p> : null;
}

async function load(path, method = "GET") {
  const answer = await fetch(at(path), { method, cache: "no-store" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error?.message ?? `HTTP ${answer.status}`);
  return body;
}

// A browser calls itself by many names; the telling ones come first here.
const NAMES = [["Edg", "Edge"], ["OPR", "Opera"], ["SamsungBrowser", "Samsung"], ["Firefox", "Firefox"], ["Chrome", "Chrome"],
  ["Version", "Safari"]];
const SYSTEMS = [["Android", "Android"], ["iPhone", "iOS"], ["iPad", "iOS"], ["Windows", "Windows"], ["Mac OS X", "macOS"], ["CrOS", "ChromeOS"],
  ["Linux", "Linux"]];

function browser(agent) {
  for (const [sign, name] of NAMES) {
    const version = agent.match(new RegExp(`${sign}/(\\d+)`))?.[1];
    const system = SYSTEMS.find(([part]) => agent.includes(part))?.[1];
    if (version && system) return `${name} ${version}, ${system}`;
  }
  return agent;
}

const failed = (setState) => (error) => setState((held) => ({ ...held, why: error.message }));
const local = (moment) => moment.slice(0, 19).replace("T", " ");
// The reader's word for what the server names; the name itself for what a newer server has.
const word = (a, kind, name) => a[`${kind}_${name}`] ?? name;
const detailText = (a, detail) => Object.entries(detail).map(([name, value]) => `${word(a, "detail", name)}: ${word(a, "role", value)}`).join(", ");
