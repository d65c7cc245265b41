/**
 * The three things done in Redis, each at once. A user's entry is a hash: `v`, a count that every change raises, and `u`, the
 * user as text. A reader that finds no `u` reads the database and puts it there only if `v` is still what he found, so that
 * what was read before a change is never kept after it. Names have the generation in them: what was there before a new one
 * is found by nobody.
 *
 * KEYS: the generation, and the beginning of the names of entries. Both in one slot.
 */
const ENTRY = `local function entry(uid) return KEYS[2] .. ':' .. (redis.call('GET', KEYS[1]) or '0') .. ':' .. uid end`;

/** ARGV: uids. Answers the generation, then `v` and `u` of each. */
export const READ = `${ENTRY}
local found = { redis.call('GET', KEYS[1]) or '0' }
for _, uid in ipairs(ARGV) do
  local held = redis.call('HMGET', entry(uid), 'v', 'u')
  found[#found + 1] = held[1] or '0'
  found[#found + 1] = held[2]
end
return found`;

/** ARGV: the generation found, the time to live in milliseconds, then uid, `v` found and `u` of each. */
export const PUT = `${ENTRY}
if (redis.call('GET', KEYS[1]) or '0') ~= ARGV[1] then return 0 end
for i = 3, #ARGV, 3 do
  local name = entry(ARGV[i])
  if (redis.call('HGET', name, 'v') or '0') == ARGV[i + 1] then
    redis.call('HSET', name, 'v', ARGV[i + 1], 'u', ARGV[i + 2])
    redis.call('PEXPIRE', name, ARGV[2])
  end
end
return 1`;

/** ARGV: how long the counts are kept in milliseconds, longer than any read takes; then uids. */
export const FORGET = `${ENTRY}
for i = 2, #ARGV do
  local name = entry(ARGV[i])
  redis.call('HINCRBY', name, 'v', 1)
  redis.call('HDEL', name, 'u')
  redis.call('PEXPIRE', name, ARGV[1])
end
return 1`;
