-- Reserve moments at which calls may begin, evenly apart: after those this line has had, and after those of all lines.
-- A moment that has passed unused is gone. Answers the time now, the first moment (both in microseconds), and how many
-- there are: none while it is the others' turn, and then the moment at which to ask again.
-- KEYS line all   ARGV apart_us wanted
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local apart, wanted = tonumber(ARGV[1]), tonumber(ARGV[2])
local all = redis.call('HMGET', KEYS[2], 'next', 'apart')
local least = math.min(tonumber(all[2]) or apart, apart)
-- A server whose clock was set back has moments in a far future: they are not waited for.
local function soon(moment)
  moment = tonumber(moment) or 0
  return moment > now + 3600000000 and 0 or moment
end
local own, first = soon(redis.call('GET', KEYS[1])), math.max(now, soon(all[1]))
if own > first then return {now, math.ceil(own), 0} end
local given = apart > least and 1 or wanted
own = first + given * apart
redis.call('SET', KEYS[1], string.format('%.0f', own), 'PX', math.ceil((own - now) / 1000) + 5000)
local after = first + given * least
redis.call('HSET', KEYS[2], 'next', string.format('%.0f', after), 'apart', string.format('%.3f', least))
redis.call('PEXPIRE', KEYS[2], math.ceil((after - now) / 1000) + 5000)
return {now, math.ceil(first), given}
