-- Whether an edge has reported that it holds something else than it should.
-- Params: client_id
SELECT c.drifted_at
FROM edge.edge_clients AS c
WHERE c.client_id = %(client_id)s AND c.drifted_at IS NOT NULL
