-- Replace the answer kept under an idempotency key, if it is still ours.   KEYS claim   ARGV token answer
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then return 0 end
if redis.call('HEXISTS', KEYS[1], 'answer') == 0 then return 0 end
redis.call('HSET', KEYS[1], 'answer', ARGV[2])
return 1
