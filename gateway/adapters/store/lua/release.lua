-- Give an idempotency key back, if it is still ours and unanswered.   KEYS claim   ARGV token
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] and redis.call('HEXISTS', KEYS[1], 'answer') == 0 then
  return redis.call('DEL', KEYS[1])
end
return 0
