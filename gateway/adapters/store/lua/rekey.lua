-- Move one intent to other keys: its sealed text, its state, its place in the index of its recipient, and all that is
-- kept under hashes of its recipient. Whatever was moved already is left alone. Answers 1 if its index has changed.
-- KEYS intent index_was index_is window, then pairs: name_was name_is
-- ARGV id sealed state, then pairs of the window's fields: sender_was sender_is
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], 'i', ARGV[2], 's', ARGV[3])
local score = KEYS[2] ~= KEYS[3] and redis.call('ZSCORE', KEYS[2], ARGV[1])
if score then
  local ttl = redis.call('TTL', KEYS[2])
  redis.call('ZADD', KEYS[3], score, ARGV[1])
  if ttl > redis.call('TTL', KEYS[3]) then redis.call('EXPIRE', KEYS[3], ttl) end
  redis.call('ZREM', KEYS[2], ARGV[1])
end
for n = 5, #KEYS, 2 do
  if KEYS[n] ~= KEYS[n + 1] and redis.call('EXISTS', KEYS[n]) == 1 then redis.call('RENAME', KEYS[n], KEYS[n + 1]) end
end
for n = 4, #ARGV, 2 do
  local ends = ARGV[n] ~= ARGV[n + 1] and redis.call('HGET', KEYS[4], ARGV[n])
  if ends then
    redis.call('HSET', KEYS[4], ARGV[n + 1], ends)
    redis.call('HDEL', KEYS[4], ARGV[n])
  end
end
return score and 1 or 0
