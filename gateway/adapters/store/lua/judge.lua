-- Note how a call went. Answers 1 when that opened the breaker, 2 when it closed it, else 0.
-- While it is open only the probe counts: the calls that were under way when it opened say nothing new.
-- KEYS breaker   ARGV failed probe window_ms minimum ratio open_ms
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local failed, window, open = ARGV[1] == '1', tonumber(ARGV[3]), tonumber(ARGV[6])
local function opened()
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'open_until', now + open)
  redis.call('PEXPIRE', KEYS[1], open + 10 * window)
  return 1
end
if redis.call('HEXISTS', KEYS[1], 'open_until') == 1 then
  if ARGV[2] ~= '1' then return 0 end
  if failed then return opened() end
  redis.call('DEL', KEYS[1])
  return 2
end
-- The window is ten slices long; older slices are dropped as new ones begin.
local slice = math.floor(now * 10 / window)
redis.call('HINCRBY', KEYS[1], (failed and 'bad:' or 'good:') .. slice, 1)
redis.call('PEXPIRE', KEYS[1], window)
local good, bad = 0, 0
local rows = redis.call('HGETALL', KEYS[1])
for n = 1, #rows, 2 do
  local kind, at = string.match(rows[n], '^(%a+):(%d+)$')
  if slice - tonumber(at) >= 10 then
    redis.call('HDEL', KEYS[1], rows[n])
  elseif kind == 'bad' then
    bad = bad + rows[n + 1]
  else
    good = good + rows[n + 1]
  end
end
if failed and good + bad >= tonumber(ARGV[4]) and bad >= tonumber(ARGV[5]) * (good + bad) then return opened() end
return 0
