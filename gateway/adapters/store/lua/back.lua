-- Give jobs back that were taken and not begun: to the front of their queue, in their old order.
-- KEYS queue started_registry   ARGV job_prefix (id execution)…
for n = #ARGV - 1, 2, -2 do
  local job = ARGV[1] .. ARGV[n]
  redis.call('ZREM', KEYS[2], ARGV[n] .. ':' .. ARGV[n + 1])
  if redis.call('HGET', job, 'status') == 'started' then
    redis.call('HSET', job, 'status', 'queued')
    redis.call('PERSIST', job)
    redis.call('LPUSH', KEYS[1], ARGV[n])
  end
end
return 1
