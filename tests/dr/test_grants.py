"""The privileges as one matrix: S read, I insert, U update, D delete, T truncate."""

from __future__ import annotations

from psycopg import AsyncConnection

MATRIX = """
                    eco_ro  eco_rw  eco_alarm  PUBLIC
alarm_cursor        S       S       SIU        -
alarm_journal       S       S       SI         -
alarm_lease         S       S       SU         -
alarm_message       S       S       S          -
alarm_rule          S       S       S          -
alarm_source        S       S       SIU        -
alarm_state         S       S       SIU        -
annotation          S       S       S          -
anomalies           S       SIU     S          -
comm_recv_1h        S       S       S          -
comm_success_1h     S       S       S          -
expression          S       S       S          -
features_5m         S       S       S          -
influx_agg_10m      S       S       S          -
influx_agg_1d       S       S       S          -
influx_agg_1h       S       S       S          -
influx_agg_1m       S       S       S          -
influx_hist         S       SIU     S          -
influx_latest       S       S       S          -
influx_live         S       S       S          -
influx_qc_rule      S       SIUD    S          -
ingest_expectation  S       SIUD    S          -
ingest_reject       S       SI      S          -
ksys_job_run        S       S       S          -
ksys_kept           S       S       S          -
ksys_migration      S       S       S          -
predictions         S       SIU     S          -
rule_base           S       SIUD    S          -
rule_history        S       S       S          -
rule_version        S       S       S          -
saved_view          S       S       S          -
start_view          S       S       S          -
tag_latest          S       S       S          -
tag_recheck         S       S       S          -
tech_ind_1m_mv      S       S       S          -
"""
RIGHTS = {"SELECT": "S", "INSERT": "I", "UPDATE": "U", "DELETE": "D", "TRUNCATE": "T"}
ROLES = "SELECT has_table_privilege(%(role)s, %(oid)s::oid, %(right)s)"
EVERYBODY = """
SELECT EXISTS (SELECT FROM pg_class AS c, aclexplode(c.relacl) AS a
               WHERE c.oid = %(oid)s::oid AND a.grantee = 0 AND a.privilege_type = %(right)s)
"""


async def allowed(conn: AsyncConnection, oid: int, role: str) -> str:
    letters = ""
    for right, letter in RIGHTS.items():
        statement = EVERYBODY if role == "PUBLIC" else ROLES
        cursor = await conn.execute(statement, {"role": role, "oid": oid, "right": right})
        letters += letter if await cursor.fetchone() == (True,) else ""
    return letters or "-"


async def test_the_rights_on_every_relation_are_those_of_the_matrix(conn: AsyncConnection) -> None:
    header, *rows = (line.split() for line in MATRIX.strip().splitlines())
    cursor = await conn.execute(
        "SELECT relname, oid FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p', 'v', 'm', 'f')"
    )
    relations = await cursor.fetchall()
    found = {name: [await allowed(conn, oid, role) for role in header] for name, oid in relations}
    print("\n".join(f"{name:<20}{'  '.join(rights)}" for name, rights in sorted(found.items())))
    assert found == {name: rights for name, *rights in rows}


async def test_no_role_owns_creates_or_inherits_anything(conn: AsyncConnection) -> None:
    cursor = await conn.execute(
        "SELECT r.rolname, r.rolsuper, r.rolcreaterole, r.rolcreatedb, r.rolreplication,"
        " r.rolbypassrls, has_schema_privilege(r.oid, 'public', 'CREATE'),"
        " has_database_privilege(r.oid, current_database(), 'CREATE'),"
        " EXISTS (SELECT FROM pg_auth_members AS m WHERE m.member = r.oid),"
        " EXISTS (SELECT FROM pg_class AS c WHERE c.relowner = r.oid)"
        " FROM pg_roles AS r WHERE r.rolname LIKE 'eco\\_%' ORDER BY 1"
    )
    assert await cursor.fetchall() == [
        (role, *[False] * 9) for role in ("eco_alarm", "eco_op", "eco_ro", "eco_rw")
    ]
