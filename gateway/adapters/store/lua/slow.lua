-- Let nothing be taken from a token bucket for a while.   KEYS bucket   ARGV interval_us burst pause_us
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full = now + tonumber(ARGV[3]) + (tonumber(ARGV[2]) - 1) * tonumber(ARGV[1])
if full > tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.max(1, math.ceil((full - now) / 1000)))
end
return 1
