//! The tables of the broker, and every statement on them.
//!
//! A message is a row that nobody changes. A group has a position: all messages up to it have been handed out. Those of
//! them that are not settled have a lease, which is held by a subscription (`owner`) until some time, or waits (`owner`
//! is null) to be handed out again from `until` on. A lease with `until` 0 waits for another message with the same key.

/// Leases of one group; with so many, nothing new is handed out.
pub(super) const MOST_LEASES: i64 = 4_096;
/// Rows that one transaction removes, so that publishers never wait long.
pub(super) const PRUNED_AT_ONCE: u64 = 1_000;

/// Creates the tables; `{table}` is the one whose existence tells that of all.
pub(crate) fn create(table: &str) -> String {
    format!(
        r#"CREATE TABLE "{table}" (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            data BLOB NOT NULL,
            metadata TEXT,
            content_type TEXT,
            partition_key TEXT,
            published INTEGER NOT NULL,
            expires INTEGER
        );
        CREATE INDEX "{table}_topic_idx" ON "{table}" (topic, id);
        CREATE INDEX "{table}_expires_idx" ON "{table}" (expires) WHERE expires IS NOT NULL;
        CREATE TABLE "{table}_groups" (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            name TEXT NOT NULL,
            position INTEGER NOT NULL,
            seen INTEGER NOT NULL,
            UNIQUE (topic, name)
        );
        CREATE TABLE "{table}_leases" (
            group_id INTEGER NOT NULL,
            message_id INTEGER NOT NULL,
            partition_key TEXT,
            owner INTEGER,
            until INTEGER NOT NULL,
            PRIMARY KEY (group_id, message_id)
        ) WITHOUT ROWID;
        CREATE INDEX "{table}_leases_until_idx" ON "{table}_leases" (group_id, until);
        CREATE INDEX "{table}_leases_key_idx" ON "{table}_leases" (group_id, partition_key, message_id)
            WHERE partition_key IS NOT NULL;
        CREATE INDEX "{table}_leases_owner_idx" ON "{table}_leases" (owner) WHERE owner IS NOT NULL;"#
    )
}

/// The texts, with the names of the tables filled in. Parameters are numbered in the order that each comment gives.
#[derive(Debug)]
pub(super) struct Statements {
    /// topic, data, metadata, content type, partition key, published, expires.
    pub(super) insert: String,
    /// Topic, name, from the oldest message (1) or the newest (0), now.
    pub(super) join: String,
    /// Topic, name: the group's id and position.
    pub(super) group: String,
    /// Group: its position, and the number of its leases.
    pub(super) position: String,
    /// Group, now: leases that can be handed out, oldest message first. With a number of rows.
    pub(super) due: String,
    /// Topic, position: the next messages. With a number of rows.
    pub(super) next: String,
    /// Group, key, message, owner, now: whether somebody else has an earlier message with that key.
    pub(super) blocked: String,
    /// Group, message, key, owner, until.
    pub(super) lease: String,
    /// Group, position.
    pub(super) advance: String,
    /// Message.
    pub(super) message: String,
    /// Topic, message: the next messages, whole. With a number of rows.
    pub(super) browse: String,
    /// Topic, message.
    pub(super) discard: String,
    /// Group, message.
    pub(super) done: String,
    /// Group, message, owner, from when on.
    pub(super) again: String,
    /// Group: whether a message of it waits for another with the same key.
    pub(super) waiting: String,
    /// Owner, until.
    pub(super) renew: String,
    /// Group, now.
    pub(super) seen: String,
    /// Owner, from when on.
    pub(super) release: String,
    /// Topic, group, owner, now: whether something can be handed out, and when the next lease ends.
    pub(super) check: String,
    pub(super) prune: Prune,
}

/// What removes rows.
#[derive(Debug)]
pub(super) struct Prune {
    /// Each topic with a group, and the lowest position of its groups.
    pub(super) topics: String,
    /// Topic, lowest position: messages that all groups have settled.
    pub(super) settled: String,
    /// Now.
    pub(super) expired: String,
    /// When the oldest message was published.
    pub(super) oldest: String,
    /// Time.
    pub(super) older: String,
    /// Leases of messages that are gone.
    pub(super) leases: String,
    /// Time: groups that nobody has used since, and their leases.
    pub(super) groups: [String; 2],
    /// The oldest messages of topics without groups.
    pub(super) unclaimed: String,
    /// Pages in use, free pages, bytes of a page.
    pub(super) pages: String,
}

impl Statements {
    pub(super) fn new(table: &str) -> Self {
        let (groups, leases) = (format!("{table}_groups"), format!("{table}_leases"));
        let blocked = |key: &str, message: &str, owner: &str, now: &str| {
            format!(
                r#"EXISTS (SELECT 1 FROM "{leases}" held WHERE held.group_id = ?1 AND held.partition_key = {key}
                AND held.message_id < {message} AND held.owner IS NOT NULL AND held.owner <> {owner}
                AND held.until > {now})"#
            )
        };
        Self {
            insert: format!(
                r#"INSERT INTO "{table}" (topic, data, metadata, content_type, partition_key, published, expires)
                VALUES (?, ?, ?, ?, ?, ?, ?)"#
            ),
            join: format!(
                r#"INSERT INTO "{groups}" (topic, name, position, seen)
                VALUES (?1, ?2, CASE WHEN ?3 THEN 0 ELSE coalesce((SELECT max(id) FROM "{table}"), 0) END, ?4)
                ON CONFLICT (topic, name) DO UPDATE SET seen = ?4"#
            ),
            group: format!(r#"SELECT id FROM "{groups}" WHERE topic = ? AND name = ?"#),
            position: format!(
                r#"SELECT position, (SELECT count(*) FROM "{leases}" WHERE group_id = ?1) FROM "{groups}"
                WHERE id = ?1"#
            ),
            due: format!(
                r#"SELECT message_id, partition_key FROM "{leases}" WHERE group_id = ?1 AND until <= ?2
                ORDER BY message_id LIMIT ?3"#
            ),
            next: format!(r#"SELECT id, partition_key FROM "{table}" WHERE topic = ? AND id > ? ORDER BY id LIMIT ?"#),
            blocked: format!("SELECT {}", blocked("?2", "?3", "?4", "?5")),
            lease: format!(
                r#"REPLACE INTO "{leases}" (group_id, message_id, partition_key, owner, until)
                VALUES (?, ?, ?, ?, ?)"#
            ),
            advance: format!(r#"UPDATE "{groups}" SET position = ?2 WHERE id = ?1"#),
            message: format!(
                r#"SELECT data, metadata, content_type, partition_key, expires FROM "{table}" WHERE id = ?"#
            ),
            browse: format!(
                r#"SELECT id, data, metadata, content_type, published FROM "{table}" WHERE topic = ? AND id > ?
                ORDER BY id LIMIT ?"#
            ),
            discard: format!(r#"DELETE FROM "{table}" WHERE topic = ? AND id = ?"#),
            done: format!(r#"DELETE FROM "{leases}" WHERE group_id = ? AND message_id = ?"#),
            again: format!(
                r#"UPDATE "{leases}" SET owner = NULL, until = ?4
                WHERE group_id = ?1 AND message_id = ?2 AND owner = ?3"#
            ),
            waiting: format!(r#"SELECT EXISTS (SELECT 1 FROM "{leases}" WHERE group_id = ? AND until = 0)"#),
            renew: format!(r#"UPDATE "{leases}" SET until = ?2 WHERE owner = ?1"#),
            seen: format!(r#"UPDATE "{groups}" SET seen = ?2 WHERE id = ?1"#),
            release: format!(r#"UPDATE "{leases}" SET owner = NULL, until = ?2 WHERE owner = ?1"#),
            check: format!(
                r#"SELECT EXISTS (SELECT 1 FROM "{leases}" l WHERE l.group_id = ?1 AND l.until <= ?4
                    AND (l.partition_key IS NULL OR NOT {}))
                OR (EXISTS (SELECT 1 FROM "{table}"
                        WHERE topic = ?2 AND id > (SELECT position FROM "{groups}" WHERE id = ?1))
                    AND (SELECT count(*) FROM "{leases}" WHERE group_id = ?1) < {MOST_LEASES})
                OR NOT EXISTS (SELECT 1 FROM "{groups}" WHERE id = ?1),
                (SELECT min(until) FROM "{leases}" WHERE group_id = ?1 AND until > ?4)"#,
                blocked("l.partition_key", "l.message_id", "?3", "?4"),
            ),
            prune: Prune::new(table, &groups, &leases),
        }
    }
}

impl Prune {
    fn new(table: &str, groups: &str, leases: &str) -> Self {
        let delete = |which: &str| {
            format!(
                r#"DELETE FROM "{table}" WHERE id IN (SELECT m.id FROM "{table}" m WHERE {which}
                ORDER BY m.id LIMIT {PRUNED_AT_ONCE})"#
            )
        };
        Self {
            topics: format!(r#"SELECT topic, min(position) FROM "{groups}" GROUP BY topic"#),
            settled: delete(&format!(
                r#"m.topic = ?1 AND m.id <= ?2 AND NOT EXISTS (SELECT 1 FROM "{groups}" g JOIN "{leases}" l
                ON l.group_id = g.id AND l.message_id = m.id WHERE g.topic = ?1)"#
            )),
            expired: delete("m.expires IS NOT NULL AND m.expires <= ?1"),
            oldest: format!(r#"SELECT published FROM "{table}" ORDER BY id LIMIT 1"#),
            older: delete("m.published < ?1"),
            leases: format!(
                r#"DELETE FROM "{leases}" WHERE message_id < coalesce((SELECT min(id) FROM "{table}"), 0)"#
            ),
            groups: [
                format!(r#"DELETE FROM "{leases}" WHERE group_id IN (SELECT id FROM "{groups}" WHERE seen < ?1)"#),
                format!(r#"DELETE FROM "{groups}" WHERE seen < ?1"#),
            ],
            unclaimed: delete(&format!(r#"m.topic NOT IN (SELECT topic FROM "{groups}")"#)),
            pages: "SELECT (SELECT page_count FROM pragma_page_count),
                (SELECT freelist_count FROM pragma_freelist_count), (SELECT page_size FROM pragma_page_size)"
                .to_owned(),
        }
    }
}
