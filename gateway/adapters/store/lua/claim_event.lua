-- Take an event to post it, unless another has it or its time has not come. Answers {sealed, timeline, tries} or nothing.
-- KEYS event due   ARGV id now_ms lease_until_ms
local row = redis.call('HMGET', KEYS[1], 'd', 't', 'n', 'l')
if not row[1] then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return false
end
if tonumber(row[4] or 0) > tonumber(ARGV[2]) then return false end
redis.call('HSET', KEYS[1], 'l', ARGV[3])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
return {row[1], row[2] or '', row[3] or '0'}
