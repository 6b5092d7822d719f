-- Put an alert on its way to the channels.
-- Params: alert_key, channels (text[]), status, now
INSERT INTO ops.alert_deliveries (alert_key, channel, status, next_try_at)
SELECT %(alert_key)s, channel, %(status)s, %(now)s
FROM unnest(%(channels)s::text[]) AS channel;
