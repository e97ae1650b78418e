CREATE FUNCTION {function} LANGUAGE sql {volatility}
-- No search_path of its own: the one that it calls sees its caller's, and is called by its schema's name.
AS {body}
