-- Write the status of a TOTP factor. A verified one is not set back, and its fellows stay; of those not yet verified
-- only the newest is kept. Answers 1 if written.
-- KEYS factors owner   ARGV sid status at_ms owner_text known_only unverified_ttl_s
local held = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[5] == '1' and not held then return 0 end
if held and cjson.decode(held)[1] == 'verified' and ARGV[2] ~= 'verified' then return 0 end
if ARGV[2] ~= 'verified' then
  local rows = redis.call('HGETALL', KEYS[1])
  for n = 1, #rows, 2 do
    if rows[n] ~= ARGV[1] and cjson.decode(rows[n + 1])[1] ~= 'verified' then redis.call('HDEL', KEYS[1], rows[n]) end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode({ARGV[2], tonumber(ARGV[3])}))
if ARGV[2] == 'verified' then
  redis.call('PERSIST', KEYS[1])
  redis.call('SET', KEYS[2], ARGV[4])
else
  if redis.call('HLEN', KEYS[1]) == 1 then redis.call('EXPIRE', KEYS[1], ARGV[6]) end  -- no verified one beside it
  redis.call('SET', KEYS[2], ARGV[4], 'EX', ARGV[6])
end
return 1
