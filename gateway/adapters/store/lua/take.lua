-- Take from all token buckets or from none (GCRA on the server's clock). Answers 0, or the microseconds to wait.
-- A bucket is one number: the moment at which it would be full again. One that is further off than an empty bucket's was
-- written before the clock was set back.
-- KEYS bucket…   ARGV (interval_us burst cost) per bucket
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full, wait = {}, 0
for n, key in ipairs(KEYS) do
  local interval, burst, cost = tonumber(ARGV[3 * n - 2]), tonumber(ARGV[3 * n - 1]), tonumber(ARGV[3 * n])
  local from = full[key] or math.min(tonumber(redis.call('GET', key) or 0), now + burst * interval)
  full[key] = math.max(from, now) + cost * interval
  wait = math.max(wait, full[key] - burst * interval - now)
end
if wait > 0 then return math.ceil(wait) end
for key, moment in pairs(full) do
  if moment > now then
    redis.call('SET', key, string.format('%.0f', moment), 'PX', math.ceil((moment - now) / 1000))
  end
end
return 0
