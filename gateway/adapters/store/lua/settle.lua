-- Jobs are done: nothing of them stays, except where one was enqueued anew meanwhile.
-- KEYS started_registry worker   ARGV job_prefix (id execution)…
for n = 2, #ARGV, 2 do
  local job = ARGV[1] .. ARGV[n]
  if redis.call('HGET', job, 'status') == 'started' then redis.call('DEL', job) end
  redis.call('ZREM', KEYS[1], ARGV[n] .. ':' .. ARGV[n + 1])
end
if redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('HINCRBY', KEYS[2], 'successful_job_count', (#ARGV - 1) / 2)
end
return 1
