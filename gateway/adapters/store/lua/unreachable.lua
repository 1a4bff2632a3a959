-- Count that a number was not reached on a channel; from the n-th time within the window on, hold it back.
-- The same attempt counts once. Answers the end of the hold in unix ms, or nothing.
-- KEYS learned   ARGV channel now_ms repeats window_ms hold_ms attempt ttl_ms source
local count_of, since_of, attempt_of, hold_of = 'n:' .. ARGV[1], 'f:' .. ARGV[1], 'a:' .. ARGV[1], 'h:' .. ARGV[1]
local row = redis.call('HMGET', KEYS[1], count_of, since_of, attempt_of, hold_of)
local now = tonumber(ARGV[2])
if ARGV[6] ~= '' and row[3] == ARGV[6] then return row[4] end
local count, since = tonumber(row[1] or 0), tonumber(row[2] or 0)
if since + tonumber(ARGV[4]) < now then count, since = 0, now end
redis.call('HSET', KEYS[1], count_of, count + 1, since_of, string.format('%.0f', since), attempt_of, ARGV[6],
  'e:' .. ARGV[1], ARGV[8], 't:' .. ARGV[1], ARGV[2])
local held = row[4]
if count + 1 >= tonumber(ARGV[3]) then
  held = string.format('%.0f', math.max(tonumber(held or 0), now + tonumber(ARGV[5])))
  redis.call('HSET', KEYS[1], hold_of, held)
end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[7]) then redis.call('PEXPIRE', KEYS[1], ARGV[7]) end
return held
