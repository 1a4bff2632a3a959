-- Take jobs from an RQ queue and mark them as RQ does: started, and in the registry of started jobs.
-- Answers id, data, id, data … A job whose hash is gone is passed over.
-- KEYS queue started_registry   ARGV job_prefix limit now worker execution abandoned_at hash_ttl_s
local taken = {}
while #taken < 2 * tonumber(ARGV[2]) do
  local id = redis.call('LPOP', KEYS[1])
  if not id then break end
  local job = ARGV[1] .. id
  local data = redis.call('HGET', job, 'data')
  if data then
    redis.call('HSET', job, 'status', 'started', 'started_at', ARGV[3], 'last_heartbeat', ARGV[3], 'worker_name', ARGV[4])
    redis.call('EXPIRE', job, ARGV[7])
    redis.call('ZADD', KEYS[2], ARGV[6], id .. ':' .. ARGV[5])
    taken[#taken + 1] = id
    taken[#taken + 1] = data
  end
end
return taken
