-- Claim an idempotency key. Answers the stored {fingerprint, answer, id} when somebody holds it, else an empty list.
-- KEYS claim   ARGV token fingerprint lease_ms
local held = redis.call('HMGET', KEYS[1], 'fingerprint', 'answer', 'token')
if held[3] then return {held[1] or '', held[2] or '', held[3]} end
redis.call('HSET', KEYS[1], 'token', ARGV[1], 'fingerprint', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {}
