-- The collector asks whether any part names an object.
CREATE INDEX part_object ON part (object) WHERE object IS NOT NULL;
