-- Write an attempt down before the provider is called, unless an opt-out stands. One script, so that an opt-out
-- committed before this mark stops the call. Answers: begun | stale | held | suppressed | busy.
-- held: inbound messages that were missed are being fetched, and one of them may be an opt-out.
-- KEYS intent timeline open guard number_bucket email_bucket counts day event events_due hold last_writer
--      open_names
-- ARGV id expected state wake_ms guard_holder guard_ttl_ms number_field number_scopes email_field email_scopes
--      exempt counter event_id event event_due_ms event_ttl_s writer writer_ttl_s timeline…
--      (scopes and exempt: ' a b ' lists; event_id: '' when nobody is to be told; writer: '' where nobody can reply)
if redis.call('HGET', KEYS[1], 'v') ~= ARGV[2] then return 'stale' end
if redis.call('EXISTS', KEYS[11]) == 1 then return 'held' end
local function stopped(key, field, scopes)
  if field == '' then return false end
  local stored = redis.call('HGET', key, field)
  if not stored then return false end
  for _, entry in ipairs(cjson.decode(stored).x) do
    local in_scope = string.find(scopes, ' ' .. entry.scope .. ' ', 1, true)
    local exempt = string.find(ARGV[11], ' ' .. entry.source .. ' ', 1, true)
    if in_scope and not exempt then return true end
  end
  return false
end
if stopped(KEYS[5], ARGV[7], ARGV[8]) or stopped(KEYS[6], ARGV[9], ARGV[10]) then return 'suppressed' end
local holder = redis.call('GET', KEYS[4])
if holder and holder ~= ARGV[5] then return 'busy' end
redis.call('SET', KEYS[4], ARGV[5], 'PX', ARGV[6])
redis.call('HSET', KEYS[1], 's', ARGV[3], 'v', tonumber(ARGV[2]) + 1)
-- A purpose whose priority was edited goes by another list from now on, and leaves the one it stood in.
local home, name = redis.call('HGET', KEYS[1], 'o'), string.sub(KEYS[3], #KEYS[13] + 2)
if home ~= name then
  if home then redis.call('ZREM', KEYS[13] .. ':' .. home, ARGV[1]) end
  redis.call('HSET', KEYS[1], 'o', name)
  redis.call('SADD', KEYS[13], name)
end
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
redis.call('HINCRBY', KEYS[7], ARGV[12], 1)
redis.call('HINCRBY', KEYS[8], ARGV[12], 1)
for n = 19, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[n]) end
if ARGV[17] ~= '' then redis.call('SET', KEYS[12], ARGV[17], 'EX', ARGV[18]) end
if ARGV[13] ~= '' then
  redis.call('HSET', KEYS[9], 'd', ARGV[14], 't', cjson.encode(redis.call('LRANGE', KEYS[2], 0, -1)))
  redis.call('EXPIRE', KEYS[9], ARGV[16])
  redis.call('ZADD', KEYS[10], ARGV[15], ARGV[13])
end
return 'begun'
