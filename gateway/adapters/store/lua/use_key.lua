-- Read an API key and note its use, at most once in a while. Answers {document, last use} or nothing.
-- KEYS keys used   ARGV digest now_ms pause_ms
local doc = redis.call('HGET', KEYS[1], ARGV[1])
if not doc then return false end
local used = redis.call('HGET', KEYS[2], ARGV[1])
local ends = cjson.decode(doc).expires_at
if ends and ends <= tonumber(ARGV[2]) then return {doc, used} end
if not used or tonumber(ARGV[2]) - tonumber(used) >= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
  used = ARGV[2]
end
return {doc, used}
