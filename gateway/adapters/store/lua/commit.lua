-- Store a change of an intent if nobody wrote in between. Answers: stored | stale | gone.
-- KEYS intent timeline open ended guard sid counts day
-- ARGV id expected state wake_ms('' when final) now_ms guard_holder sid_owner sid_ttl_s timeline_bound n_counters counters… timeline…
local version = redis.call('HGET', KEYS[1], 'v')
if not version then return 'gone' end
if version ~= ARGV[2] then return 'stale' end
redis.call('HSET', KEYS[1], 's', ARGV[3], 'v', tonumber(version) + 1)
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[3], ARGV[1])
  redis.call('ZADD', KEYS[4], 'NX', ARGV[5], ARGV[1])
else
  redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
end
if ARGV[6] ~= '' and redis.call('GET', KEYS[5]) == ARGV[6] then redis.call('DEL', KEYS[5]) end
if ARGV[7] ~= '' then redis.call('SET', KEYS[6], ARGV[7], 'EX', ARGV[8]) end
local counters = tonumber(ARGV[10])
for n = 11, 10 + counters do
  redis.call('HINCRBY', KEYS[7], ARGV[n], 1)
  redis.call('HINCRBY', KEYS[8], ARGV[n], 1)
end
for n = 11 + counters, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[n]) end
if #ARGV > 10 + counters then redis.call('LTRIM', KEYS[2], -tonumber(ARGV[9]), -1) end
return 'stored'
