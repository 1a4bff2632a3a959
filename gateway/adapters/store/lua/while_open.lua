-- Write to a part of a batch, unless the batch has ended: whoever stood still past its end would bring the part back.
-- Answers what the command does, and nothing where it was not done.
-- KEYS order part   ARGV life_seconds command [argument ...]
if redis.call('EXISTS', KEYS[1]) == 0 then return false end
local done = redis.call(ARGV[2], KEYS[2], unpack(ARGV, 3))
redis.call('EXPIRE', KEYS[2], ARGV[1])
return done
