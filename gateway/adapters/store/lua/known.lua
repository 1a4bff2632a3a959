-- All that the state knows of a recipient. Reads only.
-- KEYS number_bucket email_bucket learned proof factors windows   ARGV number_field email_field proof_field
return {
  redis.call('HGET', KEYS[1], ARGV[1]),
  redis.call('HGET', KEYS[2], ARGV[2]),
  redis.call('HGETALL', KEYS[3]),
  redis.call('HGET', KEYS[4], ARGV[3]),
  redis.call('HGETALL', KEYS[5]),
  redis.call('HGETALL', KEYS[6]),
}
