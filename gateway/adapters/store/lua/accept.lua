-- Make an intent durable, once. Answers: accepted | again (it was there) | lost (another holds the idempotency key).
-- KEYS intent timeline open open_names by_app by_recipient claim counts day event events_due
-- ARGV id token answer answer_ttl_ms sealed state now_ms wake_ms open_name index_ttl_s counter
--      event_id event event_due_ms event_ttl_s fingerprint timeline…   (event_id: '' when nobody is to be told)
if redis.call('EXISTS', KEYS[1]) == 1 then return 'again' end
if ARGV[2] ~= '' then
  local holder = redis.call('HGET', KEYS[7], 'token')
  if holder and holder ~= ARGV[2] then return 'lost' end
  redis.call('HSET', KEYS[7], 'token', ARGV[2], 'answer', ARGV[3], 'fingerprint', ARGV[16])
  redis.call('PEXPIRE', KEYS[7], ARGV[4])
end
redis.call('HSET', KEYS[1], 'i', ARGV[5], 's', ARGV[6], 'v', 1, 'o', ARGV[9])
redis.call('ZADD', KEYS[3], ARGV[8], ARGV[1])
redis.call('SADD', KEYS[4], ARGV[9])
redis.call('ZADD', KEYS[5], ARGV[7], ARGV[1])
redis.call('ZADD', KEYS[6], ARGV[7], ARGV[1])
redis.call('EXPIRE', KEYS[6], ARGV[10])
redis.call('HINCRBY', KEYS[8], ARGV[11], 1)
if redis.call('HINCRBY', KEYS[9], ARGV[11], 1) == 1 then redis.call('EXPIRE', KEYS[9], 40 * 86400) end
for n = 17, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[n]) end
if ARGV[12] ~= '' then
  redis.call('HSET', KEYS[10], 'd', ARGV[13], 't', cjson.encode(redis.call('LRANGE', KEYS[2], 0, -1)))
  redis.call('EXPIRE', KEYS[10], ARGV[15])
  redis.call('ZADD', KEYS[11], ARGV[14], ARGV[12])
end
return 'accepted'
