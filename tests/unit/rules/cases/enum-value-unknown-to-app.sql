-- given
CREATE TYPE mood AS ENUM ('sad', 'happy');

-- case: each
ALTER TYPE mood ADD VALUE 'calm';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'cool' BEFORE 'sad';
ALTER TYPE ghost ADD VALUE 'calm';
CREATE TYPE fresh AS ENUM ('one');
ALTER TYPE fresh ADD VALUE 'two';
