-- Store a change of an intent if nobody wrote in between. Answers: stored | stale | gone,
-- or parked: stored, and events wait for the SID that this change has bound.
-- KEYS intent timeline open ended guard sid counts day event events_due parked billing open_names
-- ARGV id expected state wake_ms('' when over, 'b…' when only its price is awaited) now_ms guard_holder sid_owner sid_ttl_s timeline_bound
--      event_id event event_due_ms event_ttl_s n_counters counters… timeline…
--      (event_id: '' when nobody is to be told; a counter: its name, or name=amount)
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return 'gone' end
if version ~= ARGV[2] then return 'stale' end
redis.call('HSET', KEYS[1], 's', ARGV[3], 'v', tonumber(version) + 1)
-- A purpose whose priority was edited goes by another list from now on, and leaves the one it stood in.
local home, name = redis.call('HGET', KEYS[1], 'o'), string.sub(KEYS[3], #KEYS[13] + 2)
if home ~= name then
  if home then redis.call('ZREM', KEYS[13] .. ':' .. home, ARGV[1]) end
  redis.call('HSET', KEYS[1], 'o', name)
  redis.call('SADD', KEYS[13], name)
end
local bill_at = string.match(ARGV[4], '^b(%d+)$')
if bill_at or ARGV[4] == '' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZADD', KEYS[4], 'NX', ARGV[5], ARGV[1])
  if bill_at then redis.call('ZADD', KEYS[12], bill_at, ARGV[1]) else redis.call('ZREM', KEYS[12], ARGV[1]) end
else
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
end
if ARGV[6] ~= '' and redis.call('GET', KEYS[5]) == ARGV[6] then redis.call('DEL', KEYS[5]) end
if ARGV[7] ~= '' then redis.call('SET', KEYS[6], ARGV[7], 'EX', ARGV[8]) end
local counters = tonumber(ARGV[14])
for n = 15, 14 + counters do
  local name, amount = string.match(ARGV[n], '^(.-)=(%d+)$')
  redis.call('HINCRBY', KEYS[7], name or ARGV[n], amount or 1)
  local today = redis.call('HINCRBY', KEYS[8], name or ARGV[n], amount or 1)
  if today == tonumber(amount or 1) then redis.call('EXPIRE', KEYS[8], 40 * 86400) end
end
for n = 15 + counters, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[n]) end
if #ARGV > 14 + counters then redis.call('LTRIM', KEYS[2], -tonumber(ARGV[9]), -1) end
if ARGV[10] ~= '' then
  redis.call('HSET', KEYS[9], 'd', ARGV[11], 't', cjson.encode(redis.call('LRANGE', KEYS[2], 0, -1)))
  redis.call('EXPIRE', KEYS[9], ARGV[13])
  redis.call('ZADD', KEYS[10], ARGV[12], ARGV[10])
end
if ARGV[7] ~= '' and redis.call('EXISTS', KEYS[11]) == 1 then return 'parked' end
return 'stored'
