//! The Lua that makes a write one step on the server.
//!
//! The data format is the incumbent's (`state/redis/redis.go`): a hash with the fields `data`, `version` (an integer, the
//! ETag) and, once a key was written with first-write, `first-write`. ETag "0" means that none was given. What is not of
//! that form gives way to a write, as if there were no such key.
//!
//! Differences on purpose: the expiry is set in the same step; a write with first-write and without ETag is refused when
//! the key exists, however it was written; and a transaction checks everything before it changes anything.

use redis::{Cmd, Value};

use dapr_spi::Result;

use crate::client::{Client, Order};

/// A script, called by its hash and sent in full only to a server that does not know it.
pub(crate) struct Script {
    text: &'static str,
    hash: String,
}

impl Script {
    pub(crate) fn new(text: &'static str) -> Self {
        Self { text, hash: redis::Script::new(text).get_hash().to_owned() }
    }

    fn start(name: &str, script: &str, keys: usize) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(keys);
        command
    }

    /// Sends a call; `fill` adds keys and arguments. A server without the script (a new one, or one that was restarted)
    /// gets its text; it has executed nothing before.
    pub(crate) async fn run(
        &self,
        client: &Client,
        key: &str,
        keys: usize,
        fill: impl Fn(&mut Cmd),
        order: Order,
        after: Option<&Cmd>,
    ) -> Result<Value> {
        let mut command = Self::start("EVALSHA", &self.hash, keys);
        fill(&mut command);
        let value = client.send_with(key, command, order, after).await?;
        if !is_unknown(&value) {
            return client.accepted(value);
        }
        let mut command = Self::start("EVAL", self.text, keys);
        fill(&mut command);
        client.accepted(client.send_with(key, command, order, after).await?)
    }
}

fn is_unknown(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if error.code() == "NOSCRIPT")
}

/// Writes a hash. ARGV: ETag, data, "1" for first-write, TTL (empty: leave it; positive: seconds; else: none).
/// Returns 1, or 0 for an ETag mismatch.
pub(crate) const SET: &str = r"
local held = redis.pcall('HGET', KEYS[1], 'version')
if type(held) == 'table' then
  if not string.find(held.err, 'WRONGTYPE', 1, true) then return held end
  redis.call('DEL', KEYS[1])
  held = false
end
if held and held ~= ARGV[1] then
  if ARGV[1] ~= '0' or ARGV[3] == '1' or redis.call('HEXISTS', KEYS[1], 'first-write') == 1 then return 0 end
end
if ARGV[3] == '1' then
  redis.call('HSET', KEYS[1], 'data', ARGV[2], 'first-write', 0)
else
  redis.call('HSET', KEYS[1], 'data', ARGV[2])
end
redis.call('HINCRBY', KEYS[1], 'version', 1)
if ARGV[4] ~= '' then
  if tonumber(ARGV[4]) > 0 then redis.call('EXPIRE', KEYS[1], ARGV[4]) else redis.call('PERSIST', KEYS[1]) end
end
return 1
";

/// Deletes a hash if its ETag is ARGV[1]. Returns 1, or 0 for an ETag mismatch.
pub(crate) const DELETE: &str = r"
local held = redis.pcall('HGET', KEYS[1], 'version')
if type(held) == 'table' and not string.find(held.err, 'WRONGTYPE', 1, true) then return held end
if type(held) == 'string' and held ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
";

/// Several writes and deletes, all or none. KEYS[i] is the key of step i; its five arguments are the action (`set`,
/// `delete`, `json-set`, `json-delete`), ETag, `check` or `mark` for first-write, TTL as in [`SET`], and data. Only `mark`
/// leaves a trace that refuses later unconditional writes, and only on a document: the incumbent's transactions leave none.
///
/// Returns 0, or the number of the first step whose ETag does not match; then nothing was changed.
///
/// A step sees the steps before it. Hashes and JSON documents of the RedisJSON module are told apart by the action; a key
/// that holds the other form counts as missing and gives way.
pub(crate) const TRANSACT: &str = r#"
local items, versions = {}, {}

local function read(key, json)
  local item = { version = false, marked = false }
  if json then
    local version = redis.pcall('JSON.GET', key, '.version')
    if type(version) == 'string' then
      item.version = version
      item.marked = type(redis.pcall('JSON.GET', key, '.first-write')) == 'string'
    end
    return item
  end
  local version = redis.pcall('HGET', key, 'version')
  if type(version) == 'table' then
    if not string.find(version.err, 'WRONGTYPE', 1, true) then item.trouble = version end
  elseif version then
    item.version = version
    item.marked = redis.call('HEXISTS', key, 'first-write') == 1
  end
  return item
end

for i = 1, #KEYS do
  local at = (i - 1) * 5
  local action, etag, first = ARGV[at + 1], ARGV[at + 2], ARGV[at + 3] ~= ''
  local json = string.sub(action, 1, 5) == 'json-'
  local item = items[KEYS[i]]
  if not item then
    item = read(KEYS[i], json)
    if item.trouble then return item.trouble end
    items[KEYS[i]] = item
  end
  local differs = item.version and item.version ~= etag
  if action == 'delete' or action == 'json-delete' then
    if differs and etag ~= '0' then return i end
    item.version, item.marked = false, false
  else
    if differs and (etag ~= '0' or first or item.marked) then return i end
    local number = tonumber(item.version or '0')
    if not number then return redis.error_reply('the version of ' .. KEYS[i] .. ' is no number') end
    item.version = string.format('%.0f', number + 1)
    versions[i] = item.version
  end
end

local function put(command, key, ...)
  local reply = redis.pcall(command, key, ...)
  if type(reply) == 'table' and reply.err then
    redis.call('DEL', key)
    redis.call(command, key, ...)
  end
end

for i = 1, #KEYS do
  local key, at = KEYS[i], (i - 1) * 5
  local action, first, ttl, data = ARGV[at + 1], ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  if action == 'delete' or action == 'json-delete' then
    redis.call('DEL', key)
  elseif action == 'set' then
    put('HSET', key, 'data', data, 'version', versions[i])
  else
    local mark = (first == 'mark' or items[key].marked) and ',"first-write":0' or ''
    put('JSON.SET', key, '$', '{"data":' .. data .. ',"version":' .. versions[i] .. mark .. '}')
  end
  if ttl ~= '' then
    if tonumber(ttl) > 0 then redis.call('EXPIRE', key, ttl) else redis.call('PERSIST', key) end
  end
end
return 0
"#;
