-- Whoever has papers of an errand finds it among their tasks, whatever became of it: read by who signed.
CREATE INDEX order_papers_kept ON order_papers (acted_by, matter_id) WHERE action = 'handed_over';
