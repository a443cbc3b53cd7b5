-- Words, and how names and titles are made of them. All invented or plain dictionary words.

create or replace macro words(lines) as regexp_extract_all(lines, '\S+');

set variable adjectives = words('
  Amber Ancient Angry Ashen Autumn Bitter Black Blind Borrowed Bright Broken Burning Careless
  Clever Cold Copper Crimson Crooked Cruel Curious Dancing Dark Dead Deep Distant Double Drowned
  Early Electric Empty Endless Eternal Faithful Fallen Familiar False Famous Fearless Final First
  Forbidden Forgotten Fragile Frozen Gentle Giant Gilded Golden Good Gray Great Green Grumpy
  Guilty Half Happy Hidden Hollow Holy Honest Hungry Imaginary Impossible Infinite Innocent
  Invisible Iron Jealous Kind Last Late Lazy Little Lonely Long Lost Loud Lucky Mad Magic Midnight
  Modern Naked Nervous New Noble Northern Odd Old Other Painted Pale Paper Patient Perfect Plastic
  Polite Private Proud Quiet Rainy Reckless Red Restless Rich Royal Rusty Sacred Salty Scarlet
  Second Secret Seventh Shy Silent Silver Sleepless Slow Small Southern Stolen Strange Sudden
  Summer Sweet Tall Tender Third Tired Tiny True Twisted Ugly Unlikely Vanishing Velvet Violet
  Wandering Warm Western White Wicked Wild Winter Wise Wooden Young');
set variable nouns = words('
  Afternoon Alibi Anchor Angel Apartment Apple Archive Army Atlas Balcony Ballad Bandit Baker Bay
  Bear Bees Bell Bicycle Bird Blade Boat Bone Border Boy Bride Bridge Brother Cafe Camera Candle
  Captain Carnival Castle Cat Cathedral Chef Child Choir Circle Circus City Clock Cloud Club Coast
  Code Colony Comet Confession Cook Courier Cousin Cradle Crossing Crow Crown Dance Daughter Dawn
  Debt Deception Desert Detective Diary Diamond Doctor Dog Door Dragon Dream Driver Dust Echo Edge
  Elephant Embassy Emperor Empire Engine Escape Evening Exile Eye Fable Factory Family Farm Father
  Feast Fever Field Fire Fish Flame Flight Flood Flower Forest Fortune Fox Friend Frontier Game
  Garden Gate General Ghost Giant Girl Glass Glory Gold Grave Guest Guitar Hand Harbor Harvest
  Heart Heir Highway Hill Holiday Home Honor Horizon Horse Hotel Hour House Hunter Husband Ice
  Inheritance Island Jacket Journey Judge Jungle Key King Kingdom Kitchen Knight Lady Lake Lamp
  Land Lantern Law Legend Letter Library Lie Light Lighthouse Lion Lover Machine Magician Map
  Market Marriage Mask Master Memory Message Mile Mirror Mission Money Monster Moon Morning Mother
  Mountain Murder Museum Music Neighbor Nest Night Nurse Oath Ocean Office Orchard Orchestra
  Orchid Outlaw Owl Painter Palace Party Passenger Path Pearl Photograph Pilot Pirate Planet
  Player Poet Port Portrait Prince Princess Prison Promise Prophet Puzzle Queen Question Rain
  Rebel Recipe Rhythm Ring Rival River Road Robot Room Rose Rumor Sailor Saint Salt School Sea
  Season Shadow Shark Sheriff Ship Shore Sister Sky Smile Smoke Snake Snow Soldier Son Song Soul
  Spring Spy Star Station Stone Storm Story Stranger Street Student Sun Swan Swimmer Sword Tailor
  Teacher Temple Theater Thief Thunder Tide Tiger Time Tower Town Train Traveler Treasure Tree
  Trial Truth Tunnel Twin Uncle Valley Verdict Village Violin Visitor Voice Voyage Wall War Watch
  Water Wave Wedding Whale Wheel Widow Wife Wind Window Winter Witness Wolf Woman Wood World
  Writer Year Zoo');
set variable acts = words('
  Breaking Burying Calling Catching Chasing Counting Crossing Finding Following Forgetting Hiding
  Holding Inventing Keeping Killing Leaving Loving Meeting Missing Naming Outrunning Painting
  Raising Reading Remembering Saving Searching Selling Stealing Teaching Waiting Waking Watching
  Winning');
set variable starts = words('
  Al An Ar Ash Bal Bar Bel Ben Bor Bran Bren Cal Can Car Cas Cor Cres Dal Dar Del Dor Dun El En Er
  Fal Far Fen Fer Gal Gan Gar Gil Gor Hal Har Hol Il Is Jan Jor Kal Kar Kas Kor Lan Lar Len Lin
  Lor Mal Mar Mel Mer Mon Mor Nal Nar Nor Ol Or Os Pal Par Pel Per Quin Ral Ran Ros Sal San Sar
  Sel Sol Sor Tal Tan Tar Tel Tor Ul Ur Val Van Var Vel Ver Vor Wal Wes Yar Zan Zel Ó Ö');
set variable middles = words('
  a a a ab ad al am an ar as at av e e e ed el em en er es et i i id il im in ir is it o o od ol
  om on or os ov u ud ul um un ur us ya ia é á ü ñe ça');
set variable ends = words('
  bert bo ca chi da dal dan dell den der do don dorf eau ek en er es ev ez gard gren ham holm ic
  ier ini is ka kin ko la land las le li lin lo lund ma man mann mar mas mi mond na nen ner ni no
  nor now oğlu os ová quist ra rano rez ri ro sa sen shi ski son sson ström ta tell ter ti to ton
  tov tti va vic vich ville vo wa wald ward well wick wood yan zen zi zo');
set variable female_names = words('
  Ada Agnes Aisha Alba Alice Amara Amina Ana Anja Anna Aurora Ayşe Beatriz Camila Carla Chloe
  Clara Dalia Daniela Elena Elif Emma Esther Eva Farah Fatima Freya Gabriela Grace Hana Hanna
  Helena Ida Ines Ingrid Irina Isabel Jana Jasmin Joana Julia Kaya Keiko Laila Laura Lea Leila
  Lena Lina Linnea Lucia Luna Maja Malin Mara Maria Marta Maya Mei Mina Mira Nadia Naomi Nina Noor
  Nora Olga Paula Petra Priya Renée Rosa Ruth Sara Selma Sofia Sonja Tara Teresa Uma Vera Yara
  Yuki Zoé');
set variable male_names = words('
  Adam Ahmed Aleksander Ali Amir Anders Andrés Anton Arjun Arthur Axel Ben Bruno Carlos Chen
  Daniel David Diego Dmitri Edgar Elias Emil Emre Enzo Erik Felix Filip Frank George Gustav Hamid
  Hans Hassan Hugo Ibrahim Igor Ivan Jakob Jan Javier Jin João Jonas Jorge José Juan Karim Karl
  Kenji Kofi Lars Leo Liam Luca Luis Magnus Marco Mark Martin Mateo Max Miguel Mohamed Nikolai
  Noah Oliver Omar Oscar Otto Paul Pavel Pedro Peter Rafael Rahul Raj Robert Samir Samuel
  Sebastian Stefan Takeshi Thomas Tomás Victor Viktor Wei Yusuf');
set variable jobs = words('
  baker barber biologist boxer chef clerk dancer detective diplomat doctor driver farmer fisherman
  gardener journalist judge lawyer librarian magician mechanic musician nurse painter photographer
  pilot plumber poet priest prosecutor sailor singer soldier spy surgeon tailor teacher thief
  translator violinist waiter widow writer');
set variable soft_adjectives = words('
  brilliant charming clumsy disgraced fearless former gifted grieving lonely loyal naive quiet
  reckless retired rebellious shy skeptical stubborn tired young');
set variable aims = ['save the family business', 'clear an old friend''s name',
  'bring a hometown back to life', 'win a contest that nobody expected', 'face the past',
  'find out who is lying', 'protect a child who saw too much', 'survive a winter far from home',
  'keep a promise made long ago', 'choose between love and duty', 'expose a powerful company',
  'start over in a strange city', 'solve a crime that the police gave up on', 'reunite a band',
  'outwit a ruthless rival'];
set variable troubles = ['a stranger arrives with a claim', 'a letter turns up thirty years late',
  'the money disappears', 'a storm cuts off the town', 'an election divides the neighborhood',
  'the truth about a marriage comes out', 'a body is found by the river',
  'a competitor opens across the street', 'an experiment goes wrong',
  'a wedding brings everyone together', 'the last train leaves', 'a prank goes too far',
  'an heir is named'];
-- What a spreadsheet makes of a title such as "9 February".
set variable date_like_titles = ['9-Feb', '15-Aug', '22-Jul', '3-May'];
set variable foreign_articles = ['La', 'El', 'Los', 'Le', 'Les', 'Une', 'Der', 'Die', 'Das', 'Il',
  'Gli', 'O', 'A', 'Os', 'En', 'Den', 'Het', 'Bir', 'Ta', 'Az'];
set variable foreign_links = ['de', 'de la', 'del', 'des', 'und', 'von', 'e', 'y', 'i', 'och',
  'van', 've', 'no', 'ki', 'da'];
set variable cyrillic = words('
  Бе Ва Вол Гор Да До За Зем Ка Кни Ко Лес Лю Ма Мо На Не Ни Но Ол По Ра Ре Ро Са Све Се Со Та То
  Ту');
set variable cyrillic_ends = words('
  вада га гина да дина ка кол ла лина лов мень на нец ния ра рина рок сан син та тель тин тра ча
  чан ша ясь');
set variable kana = words('
  アオ アキ イロ ウミ エキ オト カゲ カゼ キミ クモ コエ ソラ タビ ツキ トリ ナツ ニワ ハナ ヒカリ フユ ホシ マチ ミチ ムラ モリ ヤマ ユキ ヨル');
set variable greek = words('Αγά Βρο Γέ Δρό Ελά Ήλι Θάλα Κα Λί Μέ Νύ Ου Πα Ρό Σε Τα Φω Χρό');
set variable greek_ends = words('βος θος κη λα μα μος νη νος πη ρα ρι σσα στρα τα τος χτα');

-- An invented word, as a family name or a place has it.
create or replace macro invented(h, salt) as
  pick('starts', h, salt)
  || if(draw(h, salt + 1) % 3 = 0, '', pick('middles', h, salt + 2))
  || pick('ends', h, salt + 3);

-- A title in English. Short patterns repeat (homonyms), long ones hardly ever do.
create or replace macro english_title(h, salt) as
  case below(h, salt, 16)
    when 0 then 'The ' || pick('adjectives', h, salt + 1) || ' ' || pick('nouns', h, salt + 2)
    when 1 then pick('adjectives', h, salt + 1) || ' ' || pick('nouns', h, salt + 2)
    when 2 then 'The ' || pick('nouns', h, salt + 1) || ' of ' || invented(h, salt + 10)
    when 3 then 'The ' || pick('nouns', h, salt + 1) || ' of ' || invented(h, salt + 10)
    when 4 then pick('female_names', h, salt + 1) || ' ' || invented(h, salt + 10)
    when 5 then pick('male_names', h, salt + 1) || ' ' || invented(h, salt + 10)
    when 6 then pick('adjectives', h, salt + 1) || ' ' || pick('nouns', h, salt + 2) || ' in '
      || invented(h, salt + 10)
    when 7 then invented(h, salt + 10)
    when 8 then pick('nouns', h, salt + 1) || ' & ' || pick('nouns', h, salt + 2) || ': The '
      || pick('adjectives', h, salt + 3) || ' ' || pick('nouns', h, salt + 4)
    when 9 then 'The ' || pick('adjectives', h, salt + 1) || ' ' || pick('nouns', h, salt + 2)
      || '''s ' || pick('nouns', h, salt + 3)
    when 10 then pick('acts', h, salt + 1) || ' the ' || pick('adjectives', h, salt + 2) || ' '
      || pick('nouns', h, salt + 3)
    when 11 then pick('acts', h, salt + 1) || ' ' || invented(h, salt + 10)
    when 12 then invented(h, salt + 10) || ': ' || pick('adjectives', h, salt + 2) || ' '
      || pick('nouns', h, salt + 3)
    when 13 then pick('nouns', h, salt + 1) || ' ' || invented(h, salt + 10)
      || if(draw(h, salt + 3) % 4 = 0, ' ' || (2 + below(h, salt + 4, 3)), '')
    when 14 then pick('female_names', h, salt + 1) || ', ' || invented(h, salt + 10) || ' and the '
      || pick('nouns', h, salt + 3)
    else 'My ' || pick('adjectives', h, salt + 1) || ' ' || pick('nouns', h, salt + 2)
      || if(draw(h, salt + 3) % 8 = 0, '!', ', ' || invented(h, salt + 10))
  end;

-- A title in no language in particular: Latin letters, with accents.
create or replace macro foreign_title(h, salt) as
  pick('foreign_articles', h, salt) || ' ' || invented(h, salt + 10)
  || case below(h, salt + 2, 3)
       when 0 then ''
       when 1 then ' ' || pick('foreign_links', h, salt + 3) || ' ' || invented(h, salt + 20)
       else ' ' || lower(invented(h, salt + 20))
     end;

create or replace macro cyrillic_title(h, salt) as
  pick('cyrillic', h, salt) || pick('cyrillic_ends', h, salt + 1) || ' '
  || lower(pick('cyrillic', h, salt + 2)) || pick('cyrillic_ends', h, salt + 3);
create or replace macro kana_title(h, salt) as
  pick('kana', h, salt) || pick('kana', h, salt + 1) || 'の' || pick('kana', h, salt + 2);
create or replace macro greek_title(h, salt) as
  pick('greek', h, salt) || pick('greek_ends', h, salt + 1) || ' '
    || lower(pick('greek', h, salt + 2)) || pick('greek_ends', h, salt + 3);

-- People: half are women, as their first names say.
create or replace macro is_woman(person) as draw(thing('person', person), 1) % 2 = 0;
create or replace macro person_name(person) as
  if(is_woman(person), pick('female_names', thing('person', person), 2),
                       pick('male_names', thing('person', person), 2))
  || case when draw(thing('person', person), 3) % 12 = 0
          then ' ' || chr(65 + below(thing('person', person), 4, 26)) || '.' else '' end
  || ' ' || invented(thing('person', person), 10)
  || case when draw(thing('person', person), 5) % 25 = 0
          then '-' || invented(thing('person', person), 20) else '' end;
