-- Take the right to check codes of one verification. Answers: free (taken) | lost (taken again by an intent that has a
-- check without an outcome there) | held (somebody else's check is under way).
-- KEYS checking   ARGV intent token ttl_ms     (stored: `intent/token`, or `intent/lost`)
local held = redis.call('GET', KEYS[1])
local lost = held == ARGV[1] .. '/lost'
if held and not lost then return 'held' end
redis.call('SET', KEYS[1], ARGV[1] .. '/' .. ARGV[2], 'PX', ARGV[3])
return lost and 'lost' or 'free'
