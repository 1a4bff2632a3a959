-- The pace of sends, on the server's clock: take one from every bucket or from none, or slow a bucket down.
-- A bucket is a hash: full (when it would be full again), rate (slowed to, per second, at `cut`), top (where that is
-- over), pause (nothing goes before it), queue (the last place given to one who waits), slot, since, sent, refused
-- (counted in this slot of time, and when that was begun), since_before, sent_before, refused_before (the same of the
-- one before it). Moments are microseconds.
-- take   KEYS bucket…         ARGV 'take' recover_s patience_us fresh(1|0) (per_second sent_unreported)…
--        fresh: has not waited yet, and goes behind those who have a place
--        Answers {microseconds to wait, 1 if a bucket is slowed}.
-- slow   KEYS bucket tally    ARGV 'slow' recover_s pause_us settle_us least usual stray counter
--                                  per_second sent_unreported
--        stray: a smaller part of what was sent may be refused without a consequence
--        usual: how fast a bucket without a rate is taken to have gone where less was seen
--        Answers {sends per thousand seconds, 1 if this made it slower}.
local FIELDS = {'full', 'rate', 'top', 'cut', 'pause', 'queue', 'slot', 'since', 'sent', 'refused', 'since_before',
  'sent_before', 'refused_before'}
local SLOT, KEPT_S = 5000000, 600
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local recover = tonumber(ARGV[2])

local function read(key, per_second, sent)
  local row, b = redis.call('HMGET', key, unpack(FIELDS)), {}
  for n, name in ipairs(FIELDS) do b[name] = tonumber(row[n] or 0) end
  local slot = math.floor(now / SLOT)
  if b.slot ~= slot then
    local last = b.slot == slot - 1
    b.since_before, b.sent_before, b.refused_before = b.since, last and b.sent or 0, last and b.refused or 0
    b.sent, b.refused, b.slot, b.since = 0, 0, slot, now
  end
  b.sent, b.limit = b.sent + sent, per_second
  if b.rate > 0 then
    local grown = b.rate + b.top * (now - b.cut) / 1000000 / recover
    if grown >= b.top then b.rate = 0 else b.limit = grown end
  end
  return b
end

local function write(key, b)
  local row = {}
  for _, name in ipairs(FIELDS) do
    row[#row + 1] = name
    row[#row + 1] = string.format('%.4f', b[name])
  end
  redis.call('HSET', key, unpack(row))
  redis.call('EXPIRE', key, KEPT_S + math.max(0, math.ceil((math.max(b.full, b.pause) - now) / 1000000)))
end

-- What took less than a second counts as if it had taken one.
local function speed(sent, from, to) return sent / math.max(1, (to - from) / 1000000) end

local function burst_of(rate) return math.max(1, math.floor(rate + 0.5)) end

if ARGV[1] == 'slow' then
  local pause, settle, least, usual = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
  local stray, per_second = tonumber(ARGV[7]), tonumber(ARGV[9])
  local b = read(KEYS[1], per_second, tonumber(ARGV[10]))
  b.refused = b.refused + 1
  if b.refused + b.refused_before < stray * (b.sent + b.sent_before) then
    write(KEYS[1], b)
    return {math.floor(b.limit * 1000), 0}
  end
  b.pause = math.max(b.pause, now + pause)
  -- What was in flight together is refused together: that is one sign, not many.
  local fresh = b.rate == 0 or now - b.cut >= settle
  if fresh then
    local seen = math.max(speed(b.sent_before, b.since_before, b.slot * SLOT), speed(b.sent, b.since, now))
    local from = b.limit > 0 and b.limit or math.max(seen, usual)
    if per_second > 0 then least = math.min(least, per_second / 2) end
    local rate = math.max(from / 2, least)
    fresh = b.rate == 0 or rate < b.limit * 0.9
    b.top = per_second > 0 and per_second or math.max(b.rate > 0 and b.top or 0, from, 2 * rate)
    b.rate, b.cut, b.limit = rate, now, rate
    b.full = math.max(b.full, math.max(now, b.pause) + (burst_of(rate) - 1) * 1000000 / rate)
    if fresh then redis.call('HINCRBY', KEYS[2], ARGV[8], 1) end
  end
  write(KEYS[1], b)
  return {math.floor(b.limit * 1000), fresh and 1 or 0}
end

local patience, fresh = tonumber(ARGV[3]), ARGV[4] == '1'
local found, wait, worst, slowed = {}, 0, nil, 0
for n, key in ipairs(KEYS) do
  local b = read(key, tonumber(ARGV[2 * n + 3]), tonumber(ARGV[2 * n + 4]))
  local short = b.pause - now
  if b.rate > 0 or short > 0 then slowed = 1 end
  if b.limit > 0 then
    local interval = 1000000 / b.limit
    b.taken = math.max(b.full, now) + interval
    short = math.max(short, b.taken - burst_of(b.limit) * interval - now)
    if fresh and patience > 0 and b.queue > now then short = math.max(short, 1) end
  end
  if short > wait then wait, worst = short, b end
  found[n] = b
end
if wait == 0 then
  for _, b in ipairs(found) do
    b.sent, b.full = b.sent + 1, b.taken or b.full
  end
elseif patience > 0 and worst.limit > 0 then
  -- Each who waits is told to come when it may be his turn, so that they do not all come at once.
  worst.queue = math.max(now + wait, math.min(worst.queue + 1000000 / worst.limit, now + patience))
  wait = worst.queue - now
end
for n, key in ipairs(KEYS) do write(key, found[n]) end
return {math.ceil(wait), slowed}
