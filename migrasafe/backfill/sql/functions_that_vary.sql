-- Which of these functions give another result each time?
SELECT DISTINCT proname FROM pg_proc WHERE proname = ANY (:names) AND provolatile = 'v' ORDER BY proname;
